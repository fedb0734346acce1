# LiveKit server metrics
curl http://localhost:7881/metrics
