"""Whether a column looks like personal data, by its name or its values.

A guess, and one that errs on the side of hashing: a hashed column is compared as any other, and
only its values cannot be read in a report. What is guessed is in the tables of this file, and in
`tests/core/data/test_personal.py` with examples for and against.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from itertools import pairwise
from typing import TYPE_CHECKING

from driftwatch.core.data.name_words import name_words

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["PERSONAL", "is_personal", "is_personal_number"]

PERSONAL = "looks like personal data"
"""The note of a column that is hashed for what it holds."""

_NUMBERED = {
    "phone", "telephone", "telefon", "telefono", "telefone", "telefoon", "mobile", "cellphone",
    "cell", "fax", "handy", "movil", "celular", "gsm", "ssn", "passport", "passeport",
    "pasaporte", "passaporto", "passaporte", "paspoort", "reisepass", "telefonnummer",
    "telefoonnummer", "handynummer", "mobilnummer", "rufnummer", "phonenumber", "mobilenumber",
    "bsn", "nif", "dni", "cpf", "codicefiscale", "cardnumber", "kartennummer", "kreditkarte",
    "creditcard",
}  # fmt: skip
"""What is a number of a person."""
_PERSONAL_WORDS = _NUMBERED | {
    "email", "mail", "ip", "iban", "birthday", "birthdate", "dob", "geburtstag", "geburtsdatum",
    "surname", "lastname", "firstname", "fullname", "forename", "givenname", "familyname",
    "middlename", "maidenname", "nickname", "username", "login", "cardholder", "accountholder",
    "policyholder", "address", "adresse", "anschrift", "direccion", "indirizzo",
    "endereco", "adres", "domicilio", "street", "strasse", "vorname", "nachname",
    "familienname", "geburtsname", "benutzername", "ansprechpartner", "prenom", "nomfamille",
    "nomcomplet", "apellido", "apellidos", "nombrecompleto", "primernombre", "segundonombre",
    "cognome", "nomecompleto", "nomecognome", "sobrenome", "primeironome", "ultimonome",
    "voornaam", "achternaam", "volledigenaam", "gebruikersnaam", "straat",
}  # fmt: skip
"""Words, and pairs of words such as ``first_name``, that say so wherever they stand."""
_ENDS = (
    "adresse", "anschrift", "strasse", "straat", "adres", "telefon", "telefoon", "vorname",
    "nachname", "voornaam", "achternaam",
)  # fmt: skip
"""How German and Dutch compounds end that say so: ``Lieferadresse``."""
_PERSONS = {
    "customer", "client", "contact", "patient", "employee", "user", "person", "owner",
    "applicant", "borrower", "beneficiary", "recipient", "sender", "buyer", "author", "guest",
    "passenger", "student", "teacher", "subscriber", "insured", "tenant", "kunde", "kundin",
    "kunden", "kontakt", "mitarbeiter", "mitarbeiterin", "benutzer", "nutzer", "inhaber",
    "empfaenger", "absender", "versicherter", "bewerber", "schueler", "contacto", "cliente",
    "paciente", "empleado", "persona", "titular", "destinatario", "personne", "titulaire",
    "destinataire", "salarie", "employe", "utilisateur", "contatto", "paziente", "dipendente",
    "titolare", "utente", "contato", "funcionario", "pessoa", "usuario", "utilizador", "klant",
    "contactpersoon", "medewerker", "werknemer", "persoon", "gebruiker",
}  # fmt: skip
_ALONE = _PERSONS - {
    "user", "person", "guest", "tenant", "persona", "student", "owner", "subscriber",
}  # fmt: skip
"""Of them those whose column holds names where it is called nothing else."""
_NAMES = {"name", "names", "nom", "nombre", "nome", "naam", "namen"}
_FILLERS = {"of", "the", "de", "del", "della", "do", "da", "des", "der", "du", "van", "le", "la"}
_ABOUT = {
    "type", "typ", "tipo", "kind", "count", "status", "state", "verified", "valid", "flag",
    "os", "model", "brand", "plan", "length", "score", "domain", "provider", "country", "city",
    "region", "channel", "method", "segment", "since",
}  # fmt: skip
"""How a name ends that is about a person or an address, and no person or address."""
_WHETHER = {"is", "has", "had", "no", "num", "n", "hat"}

_DOMAIN = re.compile(r"([^@\s.]{1,64}\.){1,8}[a-zA-Z]{2,}")
_PERSONAL_VALUES = re.compile(
    r"\d{3}-\d{2}-\d{4}"  # US social security number
    r"|\d{1,3}(\.\d{1,3}){3}"  # IPv4 address
    r"|[A-Z]{2}\d{2}[A-Z0-9]{11,30}"  # IBAN
    r"|[A-Z]{2}\d{2}( [A-Z0-9]{4}){3,7}( [A-Z0-9]{1,3})?"  # IBAN in groups
    r"|(\d{4}[ -]){3}\d{1,7}"  # payment card
)
_EXTENSION = r"( ?(x|ext\.?|app\.?) ?\d{1,5})?"
_TELEPHONE = re.compile(
    r"(?=(\D*\d){8,15}\D*$)("
    r"\+\d{1,3}[ .-]?(\(\d{1,5}\)[ .-]?)?\d{1,5}([ ./-]?\d{2,4}){1,5}"  # +49 151 234 5678
    r"|(1[ .-])?\(\d{2,5}\)[ .-]?\d{3,5}([ .-]?\d{2,4}){1,2}"  # (555) 123-4567
    r"|0[1-9]\d{0,3}[ /-]\d{3,9}([ -]\d{2,4}){0,2}"  # 0171 1234567, 090-1234-5678, 030/123456
    r"|0[1-9]([ .-]\d{2}){4}"  # 06 12 34 56 78
    r"|0[1-9]\d{8,9}"  # 01711234567
    r"|(1[ .-])?[2-9]\d{2}(?P<between>[ .-])\d{3}(?P=between)\d{4}"  # 555-123-4567
    r"|3\d{2}[ -]\d{6,7}"  # 347 1234567
    r"|\d{2} 9?\d{4}-\d{4}"  # 11 91234-5678
    r"|[6-9]\d{4} \d{5}"  # 98765 43210
    r"|1[3-9]\d[ -]\d{4}[ -]\d{4}"  # 138 1234 5678
    r"|(?!\d{1,3}( \d{3})+$)\d{1,3}[ -]\(?\d{1,4}\)?([ -]\d{2,4}){2,4}"  # 49 151 234 5678
    r")" + _EXTENSION
)
_NINE_DIGITS = re.compile(r"[679]\d{2} \d{3} \d{3}|[89]\d \d{3} \d{2} \d{2}")
"""Telephone numbers of Spain and Portugal, or thousands written apart."""
_DATE = re.compile(r"(\d{4}[-./]\d{1,2}[-./]\d{1,2}|\d{1,2}[-./]\d{1,2}[-./]\d{4})([ T].*)?")
"""What has as many digits as a telephone number, and is none."""
_SAMPLE = 200
_LOOKED_AT = 1_000
"""Characters of a value that are looked at."""
_LOOKED_AT_SIGNS = 8
_LONGEST_NUMBER = 64
"""Characters of a telephone number, an account or a card, with what is between the digits."""
_PERSONAL_SHARE = 0.05
"""A column where one value in twenty names a person is hashed as a whole."""
_TELEPHONE_SHARE = 0.5
"""Long numbers look like telephone numbers, so here most values must."""
_NEARLY_ALL = 0.95
_TEXTS, _WORDS, _CHARACTERS = 20, 5, 30
"""Free text: so many different values, of which half have so many words and characters."""
_FREE_TEXT_SHARE = 0.5
_LEAST_NUMBER = 1e6


def is_personal(name: str, texts: pa.Array, /) -> bool:
    """Whether the values of a column are to be hashed, since they seem to be about persons.

    By its name (e-mail, telephone, address, parts of names, and what persons are called, in
    English, German, French, Spanish, Italian, Portuguese and Dutch), by its values (e-mail
    addresses, telephone and social security numbers, IP addresses, IBANs, payment cards), or since
    they are sentences, which may be about anybody.

    Args:
        name: Of the column.
        texts: Different values, as ``large_string``.

    Example:
        >>> import pyarrow as pa
        >>> is_personal("contact", pa.array(["ann@example.com", "bob@example.com"]))
        True
        >>> is_personal("v", pa.array(["0171 1234567", "0171 7654321"]))
        True
        >>> is_personal("product_name", pa.array(["Chair", "Table"]))
        False

    Cost: a millisecond; of the first 200 values at most 1,000 characters each are looked at.
    """
    if _is_named_personal(name):
        return True
    sample = [text[:_LOOKED_AT].strip() for text in texts.slice(0, _SAMPLE).to_pylist()]
    if not sample:
        return False
    persons = sum(_names_a_person(text) for text in sample)
    if persons >= _PERSONAL_SHARE * len(sample):
        return True
    return _are_telephones(sample) or _are_sentences(sample)


def is_personal_number(name: str, least: float, /) -> bool:
    """Whether numbers are those of persons, such as telephone numbers, by the column's name.

    Args:
        name: Of the column.
        least: The least that one of them may be; a mobile phone's price is not its number.

    Example:
        >>> is_personal_number("phone", 15_551_234_567.0), is_personal_number("mobile", 3.0)
        (True, False)
    """
    words = _folded_words(name)
    return bool(_NUMBERED & _with_pairs(words)) and least >= _LEAST_NUMBER


def _is_named_personal(name: str) -> bool:
    words = _folded_words(name)
    if not words or words[0] in _WHETHER or words[-1] in _ABOUT:
        return False
    if _PERSONAL_WORDS & _with_pairs(words) or any(word.endswith(_ENDS) for word in words):
        return True
    persons = [word for word in words if _is_person(word)]
    others = [w for w in words if w not in persons and w not in _NAMES and w not in _FILLERS]
    if persons and _NAMES.intersection(words):
        return not others or words[-1] in _NAMES or words[0] in _NAMES
    if persons and not others:
        return any(word in _ALONE or word.removesuffix("s") in _ALONE for word in persons)
    return any(
        _is_person(word.removesuffix(end))
        for word in words
        for end in ("name", "naam")
        if word.endswith(end) and word != end
    )


def _is_person(word: str) -> bool:
    return word in _PERSONS or word.removesuffix("s") in _PERSONS


def _folded_words(name: str) -> list[str]:
    """The words of a name, without accents: ``Straße`` is ``strasse``."""
    spelled = name.replace("ß", "ss")
    for letter, letters in (("ä", "ae"), ("ö", "oe"), ("ü", "ue"), ("Ä", "Ae"), ("Ö", "Oe")):
        spelled = spelled.replace(letter, letters)
    decomposed = unicodedata.normalize("NFKD", spelled)
    return name_words("".join(c for c in decomposed if not unicodedata.combining(c)))


def _with_pairs(words: list[str]) -> set[str]:
    """Words, and neighbours without what is between them: first_name, e-mail, nom de famille."""
    bare = [word for word in words if word not in _FILLERS]
    return {*words, *(first + second for first, second in pairwise(bare))}


def _names_a_person(text: str) -> bool:
    is_short = len(text) <= _LONGEST_NUMBER
    if is_short and _PERSONAL_VALUES.fullmatch(text):
        return True
    return any(_DOMAIN.match(text, at + 1) for at in _addressed(text))


def _addressed(text: str) -> Iterator[int]:
    """Where in a text an ``@`` follows a name; the first few places."""
    at = -1
    for _ in range(_LOOKED_AT_SIGNS):
        at = text.find("@", at + 1)
        if at < 0:
            return
        if at > 0 and not text[at - 1].isspace() and text[at - 1] != "@":
            yield at


def _are_telephones(sample: list[str]) -> bool:
    short = [text for text in sample if len(text) <= _LONGEST_NUMBER]
    others = [text for text in short if not _DATE.fullmatch(text)]
    found = sum(bool(_TELEPHONE.fullmatch(text)) for text in others)
    if found >= _TELEPHONE_SHARE * len(sample):
        return True
    found += sum(bool(_NINE_DIGITS.fullmatch(text)) for text in others)
    return found >= _NEARLY_ALL * len(sample)


def _are_sentences(sample: list[str]) -> bool:
    if len(sample) < _TEXTS:
        return False
    long = sum(len(text) >= _CHARACTERS and len(text.split()) >= _WORDS for text in sample)
    return long >= _FREE_TEXT_SHARE * len(sample)
