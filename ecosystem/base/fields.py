"""The fields and constraints that tie a row to its business."""

from collections.abc import Collection
from typing import Any

from django.core import checks
from django.core.exceptions import ValidationError
from django.db import DEFAULT_DB_ALIAS, connections, models
from django.db.models.lookups import Exact

from ecosystem.base.tenancy import CurrentBusiness, OtherBusiness, business_of, current_business_id, require_business


class BusinessField(models.BigIntegerField):  # type: ignore[type-arg]
    """The business of a row, filled in from the current one. A model that has it is a tenant model.

    The schema editor reads it: composite primary key, policies and grants follow from it.
    `append_only` leaves the application INSERT and SELECT only. `also_readable_by` names a column with a
    user's id: that user reads the row also before any business is entered. `proven_by` names the triggers that alone
    write the table, from rows whose business is proven: it then needs no key of its own to say so once more.
    """

    def __init__(
        self, *args: Any, append_only: bool = False, also_readable_by: str = "", proven_by: str = "", **kwargs: Any
    ) -> None:
        self.append_only = append_only
        self.also_readable_by = also_readable_by
        self.proven_by = proven_by
        kwargs.update(editable=False)
        super().__init__(*args, **kwargs)

    def deconstruct(self) -> Any:
        name, path, args, kwargs = super().deconstruct()
        kwargs.pop("editable", None)
        if self.append_only:
            kwargs["append_only"] = True
        if self.also_readable_by:
            kwargs["also_readable_by"] = self.also_readable_by
        if self.proven_by:
            kwargs["proven_by"] = self.proven_by
        return name, path, args, kwargs

    def pre_save(self, model_instance: models.Model, add: bool) -> Any:
        value = getattr(model_instance, self.attname)
        if value is None:
            value = business_of(connections[model_instance._state.db or DEFAULT_DB_ALIAS])
            setattr(model_instance, self.attname, value)
        return value

    def get_db_prep_save(self, value: Any, connection: Any) -> Any:
        """The current business; raises OtherBusiness where a row says another one."""
        current = require_business(connection)
        if value is not None and int(value) != current:
            raise OtherBusiness(f"Business {value} cannot be written while business {current} is entered.")
        return current


class TenantForeignKey(models.ForeignKey):  # type: ignore[type-arg]
    """A foreign key between two tenant tables, which can never leave the business.

    To Django a foreign key by `id`; joins name the business too, and the schema editor makes a composite
    constraint from (business_id, x_id) to (business_id, id). Indexes for it stand in `Meta.indexes`.
    """

    def __init__(self, to: Any, on_delete: Any, **kwargs: Any) -> None:
        if kwargs.pop("db_index", False):
            raise ValueError("Name the index in Meta.indexes, led by business_id.")
        kwargs.update(db_constraint=False, db_index=False)
        super().__init__(to, on_delete, **kwargs)

    def deconstruct(self) -> Any:
        name, path, args, kwargs = super().deconstruct()
        kwargs.pop("db_constraint", None)
        kwargs.pop("db_index", None)
        return name, path, args, kwargs

    def get_joining_fields(self, reverse_join: bool = False) -> Any:
        here: Any = self.model._meta.get_field("business_id")
        there: Any = self.related_model._meta.get_field("business_id")
        business = (there, here) if reverse_join else (here, there)
        return (*super().get_joining_fields(reverse_join), business)

    def get_extra_restriction(self, alias: str | None, related_alias: str) -> Any:
        """Keep the business in the subquery of `exclude(reverse__...)`, whose first join Django trims away."""
        if alias is not None:
            return None
        field: Any = self.model._meta.get_field("business_id")
        return Exact(field.get_col(related_alias), CurrentBusiness())

    def check(self, **kwargs: Any) -> list[checks.CheckMessage]:
        return [*super().check(**kwargs), *self._check_wall()]

    def _check_wall(self) -> list[checks.CheckMessage]:
        here, there = business_field_of(self.model), business_field_of(self.related_model)
        if here is None or there is None:
            return [checks.Error("A TenantForeignKey joins two tenant models.", obj=self, id="tenancy.E001")]
        kept = (models.DO_NOTHING, models.PROTECT)
        if here.append_only and self.remote_field.on_delete not in kept:
            return [checks.Error("A ledger's key is DO_NOTHING or PROTECT.", obj=self, id="tenancy.E002")]
        return []


def business_field_of(model: Any) -> BusinessField | None:
    """The BusinessField of a model, or None where the model is global."""
    for field in model._meta.local_fields:
        if isinstance(field, BusinessField):
            return field
    return None


class TenantUniqueConstraint(models.UniqueConstraint):
    """Unique within a business: `fields` start with "business_id".

    Forms and serializers check it although they do not know `business_id`; the error stands at the field
    where there is only one other.
    """

    def __init__(self, *, fields: Collection[str], name: str, **kwargs: Any) -> None:
        if next(iter(fields), None) != "business_id":
            raise ValueError(f"{name} must start with business_id.")
        super().__init__(fields=tuple(fields), name=name, **kwargs)

    def validate(self, model: Any, instance: Any, exclude: Any = None, using: str = DEFAULT_DB_ALIAS) -> None:
        if instance.business_id is None:
            instance.business_id = current_business_id(using)
        exclude = set(exclude or ()) - {"business_id"}
        try:
            super().validate(model, instance, exclude=exclude, using=using)
        except ValidationError as error:
            others = self.fields[1:]
            if len(others) != 1:
                raise
            sentence = instance.unique_error_message(model, others)
            raise ValidationError({others[0]: sentence}) from error
