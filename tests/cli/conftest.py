"""837 professional files of invented people, written segment by segment."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from conftest_run import ENVIRONMENT, Ran, run

__all__ = ["ENVIRONMENT", "Ran", "run"]

ISA = (
    "ISA*00*          *00*          *ZZ*CLINIC         *ZZ*NORIDIAN       "
    "*240305*0930*^*00501*000000001*0*P*:"
)


def file_of(
    *claims: list[str], code: str = "HC", guide: str = "005010X222A1", kind: str = "837"
) -> str:
    """An interchange of one transaction with these claims, from CLM to their last segment."""
    body = [
        f"ST*{kind}*0001*{guide}",
        "BHT*0019*00*1*20240305*0930*CH",
        "NM1*41*2*DESERT PAIN CLINIC*****46*CLINIC",
        "PER*IC*BILLING*TE*7025550100",
        "NM1*40*2*NORIDIAN*****46*01312",
        "HL*1**20*1",
        "NM1*85*2*DESERT PAIN CLINIC*****XX*1999999984",
        "N3*1 SAGE ROAD",
        "N4*RENO*NV*895010000",
        "REF*EI*990000001",
        "HL*2*1*22*0",
        "SBR*P*18*******MB",
        "NM1*IL*1*SAMPLE*ALEX****MI*1EG4TE5MK73",
        "N3*2 SAGE ROAD",
        "N4*RENO*NV*895010000",
        "DMG*D8*19500102*F",
        "NM1*PR*2*NORIDIAN*****PI*01312",
        *(segment for claim in claims for segment in claim),
    ]
    segments = [
        ISA,
        f"GS*{code}*CLINIC*NORIDIAN*20240305*0930*1*X*{guide}",
        *body,
        f"SE*{len(body) + 1}*0001",
        "GE*1*1",
        "IEA*1*000000001",
    ]
    return "~\n".join(segments) + "~\n"


def claim(name: str, *lines: str, charge: str = "420", day: str = "20240305") -> list[str]:
    """A claim with a refill by a physician and these drug lines (composite of SV101)."""
    segments = [f"CLM*{name}*{charge}***11:B:1*Y*A*Y*Y", "HI*ABK:G894", "LX*1"]
    segments += ["SV1*HC:62370*210*UN*1***1", f"DTP*472*D8*{day}"]
    for number, line in enumerate(lines, start=2):
        segments += [f"LX*{number}", f"SV1*{line}*210*UN*1***1", f"DTP*472*D8*{day}"]
    return segments


PAYABLE = "HC:J7999:KD::::MORPHINE 360 MG BUPIVACAINE 90 MG"
WITHOUT_KD = "HC:J7999:::::MORPHINE 360 MG BUPIVACAINE 90 MG"


@pytest.fixture
def clean_file(tmp_path: Path) -> Path:
    """One claim with nothing to mend."""
    path = tmp_path / "clean.837"
    path.write_text(file_of(claim("GOOD-1", PAYABLE)))
    return path


@pytest.fixture
def mixed_file(tmp_path: Path) -> Path:
    """A payable claim and one without KD."""
    path = tmp_path / "mixed.837"
    path.write_text(file_of(claim("GOOD-1", PAYABLE), claim("KD-2", WITHOUT_KD, day="20240405")))
    return path


@pytest.fixture
def damaged_file(tmp_path: Path) -> Path:
    """A payable claim and one whose total charge is no number."""
    path = tmp_path / "damaged.837"
    path.write_text(
        file_of(claim("GOOD-1", PAYABLE), claim("BAD-2", PAYABLE, charge="abc", day="20240405"))
    )
    return path
