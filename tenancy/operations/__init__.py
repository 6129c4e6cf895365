"""Migration operations that put isolation into the database."""

from tenancy.operations.functions import LookupFunction
from tenancy.operations.grants import Grant
from tenancy.operations.tables import ProtectTenantTable, RenewPatientLine

__all__ = ["Grant", "LookupFunction", "ProtectTenantTable", "RenewPatientLine"]
