"""Model fields whose columns hold sealed values, and the digests by which they are found.

    phone = SealedTextField(max_length=32, blank=True, patient="id")
    phone_index = BlindIndexField(source="phone")

Python sees ``str``, decrypted when the attribute is read. ``values()`` and repr give an opaque SealedValue.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NoReturn

from django.core import checks
from django.core.exceptions import FieldError
from django.core.validators import MaxLengthValidator
from django.db import models
from django.db.models.query_utils import DeferredAttribute

from tenancy.encryption.blind_index import INDEX_BYTES, blind_index
from tenancy.encryption.envelope import EMPTY, Place, key_id_of, open_sealed
from tenancy.encryption.errors import Shredded
from tenancy.encryption.keys import opening_key, refuse_unknown_key, seal_text, sealing_key
from tenancy.encryption.owners import PLATFORM, Owner, Purpose
from tenancy.encryption.values import SealedValue

ROW_BY_ROW = "{name} is sealed for its row: assign it there and save the row."


class SealedAttribute(DeferredAttribute):
    """Opens a sealed value when it is read, and remembers what stood there when another is assigned."""

    field: SealedTextField

    def __get__(self, instance: Any, cls: Any = None) -> Any:
        if instance is None:
            return self
        held = super().__get__(instance, cls)
        return self.field.text_of(instance, held) if isinstance(held, SealedValue) else held

    def __set__(self, instance: Any, value: Any) -> None:
        if value is not None and not isinstance(value, SealedValue):
            former = instance.__dict__.get(self.field.attname)
            value = SealedValue(text=str(value), former=getattr(former, "former", None) or former)
        instance.__dict__[self.field.attname] = value


class SealedTextField(models.TextField):  # type: ignore[type-arg]
    """Text sealed with the data key of a patient (``patient`` names the attribute with the patient's id), of the
    organization (nothing given), or of the platform (``platform=True``, for tables of persons).

    The model has a ``public_id`` that is set before the insert: it is a part of what the value is bound to.
    """

    descriptor_class = SealedAttribute

    def __init__(self, *args: Any, patient: str | None = None, platform: bool = False, **kwargs: Any) -> None:
        self.patient = patient
        self.platform = platform
        super().__init__(*args, **kwargs)
        if self.max_length is not None:
            self.validators.append(MaxLengthValidator(self.max_length))

    def deconstruct(self) -> Any:
        name, path, args, kwargs = super().deconstruct()
        chosen = {"patient": self.patient, "platform": self.platform}
        return name, path, args, {**kwargs, **{key: value for key, value in chosen.items() if value}}

    def get_internal_type(self) -> str:
        return "BinaryField"

    def check(self, **kwargs: Any) -> list[checks.CheckMessage]:
        return [*super().check(**kwargs), *self._check_place()]

    def _check_place(self) -> list[checks.CheckMessage]:
        if isinstance(getattr(self.model, "public_id", None), DeferredAttribute):
            return []
        return [
            checks.Error(
                f"{self.model._meta.label} has the sealed field {self.name}, but no public_id.",
                hint="Add public_id = UUIDField(default=uuid.uuid4, editable=False): the value is bound to its row.",
                obj=self,
                id="tenancy.E006",
            )
        ]

    def get_lookup(self, lookup_name: str) -> Any:
        """Only whether there is a value; what it is can be asked through a blind index."""
        return super().get_lookup(lookup_name) if lookup_name == "isnull" else None

    def get_transform(self, lookup_name: str) -> None:
        return None

    def from_db_value(self, value: Any, *_: Any) -> SealedValue | None:
        return None if value is None else SealedValue(bytes(value))

    def to_python(self, value: Any) -> Any:
        return value if isinstance(value, SealedValue) else super().to_python(value)

    def get_prep_value(self, value: Any) -> Any:
        if value is None or value == EMPTY:
            return value
        if not isinstance(value, SealedValue) or value.sealed is None:
            raise FieldError(ROW_BY_ROW.format(name=self.name))
        return value.sealed

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> Any:
        value = value if prepared else self.get_prep_value(value)
        return None if value is None else connection.Database.Binary(value)

    def value_to_string(self, obj: Any) -> NoReturn:
        raise TypeError(f"{self.name} is sealed and is not dumped; use a database backup.")

    def pre_save(self, model_instance: models.Model, add: bool) -> Any:
        held = model_instance.__dict__.get(self.attname)
        if isinstance(held, SealedValue):
            held = self._up_to_date(model_instance, held)
            model_instance.__dict__[self.attname] = held
        return held

    def place_of(self, instance: Any) -> Place:
        organization_id = None if self.platform else instance.organization_id
        return Place(organization_id, instance._meta.db_table, self.name, str(instance.public_id))

    def owner_of(self, instance: Any, purpose: Purpose = Purpose.RECORD) -> Owner:
        if self.platform:
            return PLATFORM
        if self.patient is None:
            return Owner(instance.organization_id, purpose)
        patient_id = getattr(instance, self.patient)
        if patient_id is None:
            raise FieldError(f"{self.name} is sealed with the key of a patient, and the row names none yet.")
        return Owner(instance.organization_id, purpose, patient_id)

    def text_of(self, instance: Any, held: SealedValue) -> str:
        if held.text is None:
            held.text = self._opened(instance, held.sealed or EMPTY)
        return held.text

    def _opened(self, instance: Any, sealed: bytes) -> str:
        # A field that may not be blank is never stored empty: somebody emptied the column.
        if sealed == EMPTY and self.blank:
            return ""
        place = self.place_of(instance)
        if secret := opening_key(sealed, place):
            return open_sealed(sealed, cipher=secret.cipher, place=place)
        # Rotation may have sealed the value anew, and removed the key, since the row was read.
        now = self._stored_now(instance)
        if now is None or now == sealed:
            refuse_unknown_key(sealed, place)
        return self._opened(instance, now)

    def _stored_now(self, instance: Any) -> bytes | None:
        rows = self.model._base_manager.filter(public_id=instance.public_id)
        found: SealedValue | None = rows.values_list(self.name, flat=True).first()
        return None if found is None else found.sealed

    def _up_to_date(self, instance: Any, held: SealedValue) -> SealedValue:
        """What to store: the sealed value as it was where neither the text nor the key has changed."""
        if held.sealed is None and held.text == "":
            return SealedValue(EMPTY, text="")
        unchanged = held if held.sealed is not None else self._former_with_text(instance, held)
        if unchanged is None:
            return self._sealed(instance, held.text or "")
        if unchanged.sealed == EMPTY or self._has_active_key(instance, unchanged):
            return unchanged
        # Rotation replaced the key after the row was read: stored as it is, the value would be lost with the old key.
        try:
            return self._sealed(instance, self.text_of(instance, unchanged))
        except Shredded:
            return unchanged

    def _former_with_text(self, instance: Any, held: SealedValue) -> SealedValue | None:
        former = held.former
        if former is None or former.sealed is None:
            return None
        try:
            return former if self.text_of(instance, former) == held.text else None
        except Shredded:
            return None

    def _has_active_key(self, instance: Any, held: SealedValue) -> bool:
        try:
            active = sealing_key(self.owner_of(instance))
        except Shredded:
            return True
        return key_id_of(held.sealed or EMPTY, self.place_of(instance)) == active.id

    def _sealed(self, instance: Any, text: str) -> SealedValue:
        sealed = seal_text(text, owner=self.owner_of(instance), place=self.place_of(instance))
        return SealedValue(sealed, text=text)


class BlindIndexField(models.BinaryField):  # type: ignore[type-arg]
    """The digest by which the sealed field ``source`` is found exactly; NULL where that is empty."""

    def __init__(self, *args: Any, source: str, **kwargs: Any) -> None:
        self.source = source
        super().__init__(*args, **{"max_length": INDEX_BYTES, "null": True, "editable": False, **kwargs})

    def deconstruct(self) -> Any:
        name, path, args, kwargs = super().deconstruct()
        return name, path, args, {**kwargs, "source": self.source}

    def pre_save(self, model_instance: models.Model, add: bool) -> Any:
        self.refresh(model_instance)
        return super().pre_save(model_instance, add)

    def refresh(self, instance: Any) -> None:
        text = getattr(instance, self.source)
        setattr(instance, self.attname, blind_index(field=self.source, value=text) if text else None)


def refuse_sealed(model: type[models.Model], names: Iterable[str]) -> None:
    """Raise FieldError where one statement for many rows would write a sealed field, even as a copy of another."""
    for field in model._meta.local_fields:
        if isinstance(field, SealedTextField) and field.name in names:
            raise FieldError(ROW_BY_ROW.format(name=field.name))


def refresh_blind_indexes(instance: models.Model) -> None:
    """Before uniqueness is looked at: the digests follow the texts only when the row is saved."""
    for field in blind_index_fields(type(instance)):
        field.refresh(instance)


def with_blind_indexes(model: type[models.Model], names: Any) -> list[str]:
    """``names`` of fields that are saved, and the digests of those among them."""
    return [*names, *(field.name for field in blind_index_fields(model) if field.source in set(names))]


def blind_index_fields(model: type[models.Model]) -> list[BlindIndexField]:
    return [field for field in model._meta.local_fields if isinstance(field, BlindIndexField)]
