"""Whether a file is of the patient for whom it is imported, as far as it names anybody."""

from __future__ import annotations

import re
import unicodedata

from patients.models import Patient
from readings.importing.reading import Choice, ImportFile, Question

SAME = "same"


def all_questions(file: ImportFile, patient: Patient) -> tuple[Question, ...]:
    """Those that the file leaves open, and whether it is this patient's where it names somebody else."""
    if names_same_person(file.person, patient):
        return file.questions
    asked = Question(
        "person",
        f"The file is of {file.person[:100]}. Is that this patient?",
        (Choice(SAME, "Yes, the file is this patient's"),),
    )
    return (*file.questions, asked)


def names_same_person(named: str, patient: Patient) -> bool:
    """Either name may lack a part of the other, as second names do. A file without a name is not doubted."""
    said, known = _words(named), _words(f"{patient.first_name} {patient.last_name}")
    return not said or said <= known or (len(known) > 1 and known <= said)


def _words(name: str) -> set[str]:
    plain = unicodedata.normalize("NFKD", name.casefold())
    return set(re.findall(r"\w+", "".join(letter for letter in plain if not unicodedata.combining(letter))))
