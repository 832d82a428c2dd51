using Bench.Http2;
using EtcdApi.Wire;

namespace Bench.Workloads;

/// <summary>Puts of a fixed value size, to random keys or, for a prefill, to each key in turn.</summary>
internal sealed class PutRequests(byte family, int keySpace, int valueBytes, bool isSequential) : IRequestSource
{
    private readonly byte[] _value = NewValue(valueBytes);
    private KeyRandom _random = new(seed: 1);
    private int _next;

    public int MaxRequestBytes => Size(valueBytes);

    public int WriteNext(Span<byte> target, out GrpcMethod method)
    {
        method = GrpcMethod.Put;
        return Write(target, family, isSequential ? _next++ % keySpace : _random.Next(keySpace), _value);
    }

    public bool IsExpected(GrpcMethod method, ReadOnlySpan<byte> response) => Responses.Revision(response) > 1;

    /// <summary>Size of a PutRequest with one of our keys.</summary>
    public static int Size(int valueBytes) => ProtoWriter.BytesSize(1, Keys.Bytes) + ProtoWriter.BytesSize(2, valueBytes);

    /// <summary>Writes a PutRequest; the bytes written.</summary>
    public static int Write(Span<byte> target, byte family, int keyNumber, ReadOnlySpan<byte> value)
    {
        Span<byte> key = stackalloc byte[Keys.Bytes];
        Keys.Write(family, keyNumber, key);
        scoped var writer = new ProtoWriter(target);
        writer.Bytes(1, key);
        writer.Bytes(2, value);
        return writer.Written;
    }

    /// <summary>A value that does not compress to nothing.</summary>
    public static byte[] NewValue(int bytes)
    {
        var value = new byte[bytes];
        var random = new KeyRandom(seed: 7);
        for (var i = 0; i < bytes; i++)
            value[i] = (byte)random.Next(256);
        return value;
    }
}
