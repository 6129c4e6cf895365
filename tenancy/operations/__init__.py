"""Migration operations that put isolation into the database."""

from tenancy.operations.edge import EdgeAccess
from tenancy.operations.functions import LookupFunction
from tenancy.operations.grants import Grant
from tenancy.operations.months import MonthsOf
from tenancy.operations.tables import ProtectTenantTable, RenewPatientLine

__all__ = ["EdgeAccess", "Grant", "LookupFunction", "MonthsOf", "ProtectTenantTable", "RenewPatientLine"]
