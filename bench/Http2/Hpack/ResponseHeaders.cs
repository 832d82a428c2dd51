namespace Bench.Http2.Hpack;

/// <summary>What one header block said, as far as a gRPC client cares. -1 and null mean "not present".</summary>
internal struct ResponseHeaders()
{
    public int HttpStatus = -1;
    public int GrpcStatus = -1;
    public string? GrpcMessage = null;
}
