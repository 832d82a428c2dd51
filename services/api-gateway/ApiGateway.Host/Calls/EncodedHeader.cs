using ApiGateway.Core.Headers;
using EtcdApi.Wire;

namespace ApiGateway.Host.Calls;

/// <summary>The header field of responses that follow each other: encoded anew only when revision or term have changed. Not thread-safe.</summary>
internal sealed class EncodedHeader(ResponseHeaderWriter header)
{
    // Two ids, a revision and a term, of at most eleven bytes each, and what frames them.
    private const int MaxBytes = 64;

    private readonly byte[] _encoded = new byte[MaxBytes];
    private int _length;
    private long _revision = -1;
    private ulong _term;

    /// <summary>The field; valid until the next call.</summary>
    public ReadOnlySpan<byte> At(long revision, ulong term)
    {
        if (revision != _revision || term != _term)
        {
            var writer = new ProtoWriter(_encoded);
            header.Write(ref writer, revision, term);
            (_length, _revision, _term) = (writer.Written, revision, term);
        }
        return _encoded.AsSpan(0, _length);
    }
}
