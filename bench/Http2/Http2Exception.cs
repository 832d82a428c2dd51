namespace Bench.Http2;

/// <summary>The server broke the protocol, or the connection: the run cannot go on.</summary>
internal sealed class Http2Exception : Exception
{
    public Http2Exception(string message)
        : base(message)
    {
    }

    public Http2Exception(string message, Exception inner)
        : base(message, inner)
    {
    }

    public Http2Exception()
    {
    }
}
