using Bench.Http2;
using EtcdApi.Wire;

namespace Bench.Workloads;

/// <summary>Transactions of one compare (the key's mod revision is below a large number, so it holds) and one put.</summary>
internal sealed class TxnRequests(byte family, int keySpace, int valueBytes) : IRequestSource
{
    private const long AboveAnyRevision = 1L << 40;
    private const int SucceededField = 2;

    private readonly byte[] _value = PutRequests.NewValue(valueBytes);
    private readonly byte[] _put = new byte[PutRequests.Size(valueBytes)];
    private readonly byte[] _compare = new byte[64];
    private KeyRandom _random = new(seed: 3);

    public int MaxRequestBytes => PutRequests.Size(valueBytes) + 128;

    public int WriteNext(Span<byte> target, out GrpcMethod method)
    {
        method = GrpcMethod.Txn;
        var number = _random.Next(keySpace);
        var put = _put.AsSpan(0, PutRequests.Write(_put, family, number, _value));
        return Write(target, WriteCompare(number), put);
    }

    public bool IsExpected(GrpcMethod method, ReadOnlySpan<byte> response) =>
        Responses.Revision(response) > 1 && Responses.Number(response, SucceededField) == 1;

    // TxnRequest { compare = 1, success = 2 { request_put = 2 } }
    private static int Write(Span<byte> target, ReadOnlySpan<byte> compare, ReadOnlySpan<byte> put)
    {
        scoped var writer = new ProtoWriter(target);
        writer.Message(1, compare);
        writer.MessageHeader(2, ProtoWriter.MessageSize(2, put.Length));
        writer.Message(2, put);
        return writer.Written;
    }

    // Compare { result = LESS, target = MOD, key = 3, mod_revision = 6 }
    private ReadOnlySpan<byte> WriteCompare(int keyNumber)
    {
        Span<byte> key = stackalloc byte[Keys.Bytes];
        Keys.Write(family, keyNumber, key);
        scoped var writer = new ProtoWriter(_compare);
        writer.Varint(1, 2);
        writer.Varint(2, 2);
        writer.Bytes(3, key);
        writer.Int64(6, AboveAnyRevision);
        return _compare.AsSpan(0, writer.Written);
    }
}
