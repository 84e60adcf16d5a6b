#!/bin/sh
# Makes NotoSansSC-subset.otf, in this folder. It needs what is in Debian's packages
# fonts-noto-cjk (20220127) and fonttools (4.38), and python3.
#
# It has every Han character of GB 2312, the punctuation and wide forms beside them,
# and a blank; no Latin and no digits, so that those stay in the window's own face.
# The toolkit gives a blank to the face of what stands before it, and puts each face
# on a base line of its own, by its ascent: so there is a blank, as wide as that of
# Noto Sans, and the heights are those of Noto Sans.
set -eu
cd "$(dirname "$0")"
from=${1:-/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc}
chars=$(mktemp)
trap 'rm -f "$chars"' EXIT
/usr/bin/python3 - >"$chars" <<'PY'
import sys
han = bytes(b for hi in range(0xB0, 0xF8) for lo in range(0xA1, 0xFF) for b in (hi, lo)).decode("gb2312", "ignore")
wide = [chr(c) for c in (0x20, *range(0x3000, 0x3020), *range(0xFF01, 0xFF5F), 0xFFE5)]
sys.stdout.buffer.write((han + "".join(wide)).encode())
PY
# The third face of the collection is the one for Simplified Chinese.
pyftsubset "$from" --font-number=2 --text-file="$chars" --output-file=NotoSansSC-subset.otf \
	--no-hinting --desubroutinize --layout-features= --notdef-outline --name-IDs='*' --name-languages=0x409
/usr/bin/python3 - <<'PY'
from fontTools.ttLib import TTFont
font = TTFont("NotoSansSC-subset.otf")
font["hhea"].ascent = font["OS/2"].sTypoAscender = font["OS/2"].usWinAscent = 1069
font["hhea"].descent = font["OS/2"].sTypoDescender = -293
font["OS/2"].usWinDescent = 293
font["hhea"].lineGap = font["OS/2"].sTypoLineGap = 0
font["hmtx"][font.getBestCmap()[0x20]] = (260, 0)
font.save("NotoSansSC-subset.otf")
PY
