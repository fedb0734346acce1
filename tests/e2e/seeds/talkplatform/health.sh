# Check LiveKit server status
curl http://localhost:7881/health
