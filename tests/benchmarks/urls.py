"""Every door of the house, and the baseline's."""

from django.urls import path

from clearinghouse.urls import urlpatterns as ours
from tests.benchmarks.drf_authorization import BaselineAsk
from tests.benchmarks.drf_baseline import BaselineBatch

urlpatterns = [
    path("api/baseline/", BaselineBatch.as_view()),
    path("api/baseline/authorize/", BaselineAsk.as_view()),
    *ours,
]
