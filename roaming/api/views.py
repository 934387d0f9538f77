"""Service detail records for partners' systems."""

from rest_framework.views import APIView

from roaming.api import submission


class ServiceDetailRecords(APIView):
    required_scopes = {"GET": ["sdr:read"], "POST": ["sdr:write"]}

    def post(self, request):
        return submission.send_one(request)


class ServiceDetailRecordBatch(APIView):
    required_scopes = {"POST": ["sdr:write"]}

    def post(self, request):
        return submission.send_batch(request)


class ServiceDetailRecordDetail(APIView):
    required_scopes = {"GET": ["sdr:read"]}
