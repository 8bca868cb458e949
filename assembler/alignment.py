"""Boundaries on which instructions want their operands in storage (Principles of Operation, GA22-7000).

System/370 has the byte-oriented-operand feature, so a general or floating-point operand off its boundary only costs
time; but for some instructions it is a specification exception, and mostly it is a mistake.  Assembler XF warns
(IFO220).
"""

from __future__ import annotations

_HALFWORD = "LH STH AH SH CH MH EX BC BAL BCT BXH BXLE B BH BL BE BO BP BM BZ BNH BNL BNE BNO BNP BNM BNZ"
_WORD = "L ST A S C M D AL SL CL N O X LM STM CS LCTL STCTL LE STE AE SE CE ME DE AU SU"
_DOUBLEWORD = "CVB CVD LD STD AD SD CD MD DD AW SW MXD CDS LPSW SCK SCKC STCKC SPT STPT"

BOUNDARIES: dict[str, int] = {
    mnemonic: boundary
    for boundary, names in ((2, _HALFWORD), (4, _WORD), (8, _DOUBLEWORD))
    for mnemonic in names.split()
}
