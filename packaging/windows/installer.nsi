; The installer: for one user, without administrator's rights.
;
;   makensis -DVERSION=0.1.0 -DNUMBERS=0.1.0.0 -DSTAGE=… -DOUT=… installer.nsi
;
; In the stage are glmtray.exe, glmtray.ico, LICENSE.txt and README.txt. /S installs
; and uninstalls without a window; /D=C:\folder (the last word) says where to.
Unicode true
SetCompressor /SOLID lzma
RequestExecutionLevel user
ManifestDPIAware true

!include "MUI2.nsh"

!define KEY "Software\Microsoft\Windows\CurrentVersion\Uninstall\glmtray"
!define APP "Software\Microsoft\Windows\CurrentVersion\App Paths\glmtray.exe"

Name "glmtray"
OutFile "${OUT}"
InstallDir "$LOCALAPPDATA\Programs\glmtray"
InstallDirRegKey HKCU "${KEY}" "InstallLocation"

VIProductVersion "${NUMBERS}"
VIAddVersionKey "ProductName" "glmtray"
VIAddVersionKey "FileDescription" "glmtray installer"
VIAddVersionKey "FileVersion" "${VERSION}"
VIAddVersionKey "ProductVersion" "${VERSION}"
VIAddVersionKey "CompanyName" "The glmtray authors"
VIAddVersionKey "LegalCopyright" "MIT licence"

!define MUI_ICON "${STAGE}/glmtray.ico"
!define MUI_UNICON "${STAGE}/glmtray.ico"
!define MUI_FINISHPAGE_RUN "$INSTDIR\glmtray.exe"
!insertmacro MUI_PAGE_LICENSE "${STAGE}/LICENSE.txt"
!insertmacro MUI_PAGE_DIRECTORY
!insertmacro MUI_PAGE_INSTFILES
!insertmacro MUI_PAGE_FINISH
!insertmacro MUI_UNPAGE_CONFIRM
!insertmacro MUI_UNPAGE_INSTFILES
!insertmacro MUI_LANGUAGE "English"

; A program that runs cannot be replaced or removed, and says so here rather
; than half-way.
!macro NotRunning un
Function ${un}NotRunning
	again:
	IfFileExists "$INSTDIR\glmtray.exe" 0 free
	ClearErrors
	FileOpen $0 "$INSTDIR\glmtray.exe" a
	IfErrors busy
	FileClose $0
	free:
	Return
	busy:
	MessageBox MB_RETRYCANCEL|MB_ICONEXCLAMATION "glmtray is running. Quit it from its icon in the tray, then retry." /SD IDCANCEL IDRETRY again
	SetErrorLevel 2
	Abort
FunctionEnd
!macroend
!insertmacro NotRunning ""
!insertmacro NotRunning "un."

Section
	Call NotRunning
	SetOutPath "$INSTDIR"
	File "${STAGE}/glmtray.exe"
	File "${STAGE}/LICENSE.txt"
	File "${STAGE}/README.txt"
	CreateShortcut "$SMPROGRAMS\glmtray.lnk" "$INSTDIR\glmtray.exe"
	WriteUninstaller "$INSTDIR\uninstall.exe"
	WriteRegStr HKCU "${APP}" "" "$INSTDIR\glmtray.exe"
	WriteRegStr HKCU "${KEY}" "DisplayName" "glmtray"
	WriteRegStr HKCU "${KEY}" "DisplayVersion" "${VERSION}"
	WriteRegStr HKCU "${KEY}" "DisplayIcon" "$INSTDIR\glmtray.exe"
	WriteRegStr HKCU "${KEY}" "Publisher" "The glmtray authors"
	WriteRegStr HKCU "${KEY}" "URLInfoAbout" "https://github.com/glmtray/glmtray"
	WriteRegStr HKCU "${KEY}" "InstallLocation" "$INSTDIR"
	WriteRegStr HKCU "${KEY}" "UninstallString" '"$INSTDIR\uninstall.exe"'
	WriteRegStr HKCU "${KEY}" "QuietUninstallString" '"$INSTDIR\uninstall.exe" /S'
	WriteRegDWORD HKCU "${KEY}" "NoModify" 1
	WriteRegDWORD HKCU "${KEY}" "NoRepair" 1
SectionEnd

Section Uninstall
	Call un.NotRunning
	; Agents that were connected get back what stood in their files; that changes
	; the user's files, so it is asked. Unattended it is left to `glmtray restore`.
	MessageBox MB_YESNO|MB_ICONQUESTION "Put back what stood in the files of connected agents? Without it they keep pointing at glmtray." /SD IDNO IDNO keep
	nsExec::Exec '"$INSTDIR\glmtray.exe" restore'
	keep:
	; Settings, records and keys are the user's and stay.
	DeleteRegValue HKCU "Software\Microsoft\Windows\CurrentVersion\Run" "glmtray"
	DeleteRegKey HKCU "${KEY}"
	DeleteRegKey HKCU "${APP}"
	Delete "$SMPROGRAMS\glmtray.lnk"
	Delete "$INSTDIR\glmtray.exe"
	Delete "$INSTDIR\LICENSE.txt"
	Delete "$INSTDIR\README.txt"
	Delete "$INSTDIR\uninstall.exe"
	RMDir "$INSTDIR"
SectionEnd
