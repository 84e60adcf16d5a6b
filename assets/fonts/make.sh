#!/bin/sh
# Makes NotoSansSC-subset.otf, in this folder. It needs what is in Debian's packages
# fonts-noto-cjk (20220127) and fonttools (4.38), and python3.
#
# It has every Han character of GB 2312, and the punctuation and wide forms beside
# them; no Latin, no digits, no blank, so that those stay in the window's own face.
set -eu
cd "$(dirname "$0")"
from=${1:-/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc}
chars=$(mktemp)
trap 'rm -f "$chars"' EXIT
python3 - >"$chars" <<'PY'
import sys
han = bytes(b for hi in range(0xB0, 0xF8) for lo in range(0xA1, 0xFF) for b in (hi, lo)).decode("gb2312", "ignore")
wide = [chr(c) for c in (*range(0x3000, 0x3020), *range(0xFF01, 0xFF5F), 0xFFE5)]
sys.stdout.buffer.write((han + "".join(wide)).encode())
PY
# The third face of the collection is the one for Simplified Chinese.
pyftsubset "$from" --font-number=2 --text-file="$chars" --output-file=NotoSansSC-subset.otf \
	--no-hinting --desubroutinize --layout-features= --notdef-outline --name-IDs='*' --name-languages=0x409
