"""The one factor between the two units; here, without Django, so that parsers can have it too."""

MG_DL_PER_MMOL_L = 18.0182
