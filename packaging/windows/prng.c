/* For trials under Wine 8 alone, which lacks this library of Windows 10 that
 * Go's run-time takes random numbers from. It is in no package. */
#include <windows.h>
#include <ntsecapi.h>

__declspec(dllexport) BOOL WINAPI ProcessPrng(PBYTE data, SIZE_T size) { return RtlGenRandom(data, (ULONG)size); }
