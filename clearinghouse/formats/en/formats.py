"""English as read in Europe; what is not named here stays Django's."""

DATE_FORMAT = "j M Y"
DATETIME_FORMAT = "j M Y, H:i"
LONG_DATE_FORMAT = "j F Y"
LONG_DATETIME_FORMAT = "j F Y, H:i"
TIME_FORMAT = "H:i"
SHORT_DATE_FORMAT = "Y-m-d"
SHORT_DATETIME_FORMAT = "Y-m-d H:i"
FIRST_DAY_OF_WEEK = 1
DAY_OF_MONTH_FORMAT = "j"
DAY_AND_TIME_FORMAT = "j M, H:i"
DATETIME_WITH_SECONDS_FORMAT = "j M Y, H:i:s"
