"""What is taken for personal data, and what is not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from driftwatch import Kind, Monitor, Role, ValuePolicy
from driftwatch.core.data.inference import infer_schema
from driftwatch.core.data.personal import PERSONAL, is_personal
from driftwatch.profiling.build import profile_data

WORDS = pa.array(["red", "green", "blue"], pa.large_string())

PERSONAL_NAMES = (
    "email", "e_mail", "eMail", "user_email", "customerEmail", "contact_mail", "phone",
    "phone_number", "mobile", "telephone", "home-telephone", "fax", "cell_phone", "address",
    "home_address", "shipping_address", "billingAddress", "address_line_1", "ip_address",
    "street", "first_name", "firstName", "FIRSTNAME", "last_name", "lastname", "surname",
    "full_name", "given_name", "family_name", "middle_name", "maiden_name", "nickname",
    "username", "user_name", "login", "date_of_birth_dob", "birthdate", "customer", "customers",
    "Customer_Name", "customer_name", "CustomerName", "name_of_customer", "client",
    "client_name", "contact", "contact_person", "contact_name", "patient", "patient_name",
    "employee", "employee_name", "owner_name", "recipient", "sender", "author",
    "user_full_name", "cardholder", "account_holder", "ssn", "passport", "passport_no", "iban",
    "Vorname", "Nachname", "Familienname", "Kunde", "Kundin", "Kundenname", "kunden_name",
    "Ansprechpartner", "Kontakt", "Mitarbeiter", "Benutzername", "Adresse", "Anschrift",
    "Lieferadresse", "Straße", "strasse", "Telefon", "Telefonnummer", "Handynummer",
    "Geburtsdatum", "Empfänger", "prénom", "prenom", "nom_de_famille", "nom_client",
    "nom_du_client", "téléphone", "adresse_client", "destinataire", "personne_nom", "employé",
    "nombre_cliente", "nombre_del_cliente", "apellido", "apellidos", "primer_apellido",
    "dirección", "teléfono", "cliente", "empleado", "nombre_completo", "nome_cliente",
    "cognome", "indirizzo", "telefono", "nome_completo", "dipendente", "contatto", "endereço",
    "telefone", "sobrenome", "nome_do_cliente", "funcionário", "paciente", "voornaam",
    "achternaam", "klant", "klantnaam", "klant_naam", "adres", "telefoonnummer", "woonadres",
    "medewerker",
)  # fmt: skip

OTHER_NAMES = (
    "name", "names", "product_name", "productName", "host_name", "hostname", "file_name",
    "filename", "brand_name", "column_name", "model_name", "event_name", "campaign_name",
    "company_name", "store_name", "city_name", "country_name", "font_name", "nom", "nombre",
    "nome", "naam", "customer_type", "customer_segment", "customer_age", "customer_since",
    "customer_service", "customer_support", "customer_lifetime_value", "customer_city",
    "client_version", "client_os", "user_agent", "user_type", "contact_type", "contact_method",
    "contact_channel", "contact_count", "patient_age", "employee_count", "is_customer",
    "has_phone", "address_type", "address_count", "addressable", "phone_model", "phone_brand",
    "phone_os", "mobile_plan", "email_status", "email_domain", "no_of_contacts", "person",
    "persona", "user", "student", "owner", "guest", "plan", "colour", "region", "status",
    "category", "description", "comment", "title", "code", "zip", "version", "shipment",
    "description_of_goods", "ship_mode", "membership", "clientele", "contactless", "customised",
    "personalised", "dressed", "redress", "mailing_list_size", "telephony_plan", "classname",
    "rename", "renamed", "enamel",
)  # fmt: skip

TELEPHONES = {
    "germany": ["0171 1234567", "030 123456", "(0171) 1234567", "089-1234567", "030/1234567"],
    "germany, abroad": ["+49 151 234 5678", "+4915123456789", "+49 (0) 30 1234567"],
    "germany, no blanks": ["01711234567", "0301234567"],
    "us": ["(555) 123-4567", "555-123-4567", "555.123.4567", "1-800-555-1234", "(555)123-4567"],
    "us, extensions": ["555-123-4567 x12", "(555) 123-4567 ext. 3"],
    "france": ["06 12 34 56 78", "01.23.45.67.89", "06-12-34-56-78", "0612345678"],
    "japan": ["090-1234-5678", "03-1234-5678"],
    "uk": ["020 7946 0958", "07700 900123", "01632 960 001"],
    "italy": ["347 1234567", "06 12345678"],
    "netherlands": ["06-12345678", "020-1234567"],
    "spain": ["612 345 678", "912 345 678", "91 123 45 67"],
    "portugal": ["912 345 678", "961 234 567"],
    "brazil": ["(11) 91234-5678", "11 91234-5678"],
    "india": ["98765 43210", "+91 98765 43210"],
    "china": ["138 1234 5678", "138-1234-5678"],
    "with a country": ["49 151 234 5678", "33 6 12 34 56 78"],
}

NO_TELEPHONES = {
    "dates": ["2024-01-31", "31.12.2024", "01/02/2024", "2024-01-31 10:11:12", "31-12-2024"],
    "short dates": ["01/24", "01-2024", "2024-01", "01.02.24"],
    "times": ["08:00", "08:00:15", "10-11", "09.30"],
    "prices": ["1,234.50", "1.234,50", "$1,234", "12.99", "1.234.567", "1 234 567,00"],
    "thousands": ["1 234 567", "12 345 678", "123 456 789", "1 234 567 890"],
    "integers": ["1234567", "12345678", "1234567890", "15551234567"],
    "short numbers": ["0", "01", "007", "0123", "00042"],
    "versions": ["1.2.3", "10.12.2024", "2.0.0-1", "1.2.3-45", "2024.1.2"],
    "postal codes": ["02134", "10115", "123-4567", "12345-6789", "1234 AB"],
    "ranges": ["10-20", "100-200", "1000-2000", "18-24", "0-999"],
    "codes": ["A-123-456", "12-34-56", "SKU 1234 5678", "0000-0001", "978-3-16-148410-0"],
    "coordinates": ["52.520008", "13.404954", "-0.127758"],
    "scores": ["3-2", "0 : 1", "10/12"],
}


@pytest.mark.parametrize("name", PERSONAL_NAMES)
def test_names_of_columns_about_persons(name: str) -> None:
    assert is_personal(name, WORDS)


@pytest.mark.parametrize("name", OTHER_NAMES)
def test_names_of_columns_about_other_things(name: str) -> None:
    assert not is_personal(name, WORDS)


@pytest.mark.parametrize("values", TELEPHONES.values(), ids=TELEPHONES)
def test_telephone_numbers_as_they_are_written_at_home(values: list[str]) -> None:
    assert is_personal("v", pa.array(values, pa.large_string()))
    for value in values:
        assert is_personal("v", pa.array([value], pa.large_string())), value


@pytest.mark.parametrize("values", NO_TELEPHONES.values(), ids=NO_TELEPHONES)
def test_other_things_with_many_digits(values: list[str]) -> None:
    for value in values:
        assert not is_personal("v", pa.array([value], pa.large_string())), value
    assert not is_personal("v", pa.array(values, pa.large_string()))


@pytest.mark.parametrize(
    "value",
    [
        "ann@example.org",
        "Ann Lee <ann@example.org>",
        "mailto:ann.lee+shop@mail.example.co.uk",
        "call ann@example.org, please",
        "DE89 3704 0044 0532 0130 00",
        "4111 1111 1111 1111",
    ],
)
def test_one_value_in_twenty_is_enough(value: str) -> None:
    others = [f"w{i}" for i in range(18)]
    assert is_personal("v", pa.array([*others, value], pa.large_string()))
    assert not is_personal("v", pa.array(others, pa.large_string()))


def test_sentences_that_repeat_are_hashed_and_categories_are_not() -> None:
    topics = ("the invoice", "a refund", "the delivery", "a new card", "the contract")
    names = ("Meier", "Lopez", "Dupont", "Rossi", "Silva", "Jansen")
    notes = [f"Please call {who} back about {what} today" for who in names for what in topics]
    report = Monitor({"note": notes * 20}).check({"note": notes * 20})
    assert not any(name in report.to_json() for name in names)
    column = profile_data({"note": notes * 20}).schema["note"]
    assert (column.role, column.values) == (Role.FEATURE, ValuePolicy.HASHED)
    assert column.note == PERSONAL
    few = [f"Retail trade and repair of vehicles, class {i}" for i in range(10)]
    short = [f"White metal lantern {i}" for i in range(60)]
    for kept in (few, short):
        assert profile_data({"v": kept * 20}).schema["v"].values is ValuePolicy.RAW


@pytest.mark.parametrize("kind", ["csv", "frame", "text"])
def test_telephone_numbers_that_are_numbers_are_hashed_by_their_name(
    kind: str, tmp_path: Path
) -> None:
    numbers = [15_551_234_567 + 7 * (i % 40) for i in range(400)]
    data: Any = {"phone": np.array(numbers), "mobile": np.arange(400) % 3 * 1.0}
    if kind == "text":
        data = {**data, "phone": [str(n) for n in numbers]}
    if kind == "csv":
        data = tmp_path / "a.csv"
        rows = "".join(f"{n},{i % 3}\n" for i, n in enumerate(numbers))
        data.write_text(f"phone,mobile\n{rows}")
    profile = profile_data(data)
    phone = profile.schema["phone"]
    assert (phone.kind, phone.values) == (Kind.CATEGORICAL, ValuePolicy.HASHED)
    if kind != "text":
        assert profile.schema["mobile"].kind is Kind.NUMERIC
    assert str(numbers[0]).encode() not in profile.to_bytes()
    assert np.float64(numbers[0]).tobytes() not in profile.to_bytes()
    report = Monitor(data).check(data)
    assert not report.has_drift()
    assert report.schema_changes == ()
    assert str(numbers[0]) not in report.to_json()


def test_a_kind_that_a_caller_gave_is_not_guessed_at() -> None:
    data = {"phone": np.array([15_551_234_567.0 + i % 9 for i in range(300)])}
    assert Monitor(data, kinds={"phone": "numeric"}).reference.schema["phone"].kind is Kind.NUMERIC


def test_texts_that_identify_their_rows_are_hashed_whoever_says_so() -> None:
    arrays = {"k": pa.array([f"cust-{i}" for i in range(300)])}
    assert infer_schema(arrays)["k"].values is ValuePolicy.HASHED
    profile = Monitor(arrays, roles={"k": Role.ID}).reference.profile
    assert profile.schema["k"].values is ValuePolicy.HASHED


def test_a_value_of_a_million_characters_costs_no_more_than_one_of_a_thousand() -> None:
    for odd in ("a" * 10**6, "1 " * 10**6, "@" * 10**6, "a@" * 10**6, "a." * 10**6, "0" * 10**6):
        assert not is_personal("v", pa.array([odd] * 3, pa.large_string()))
