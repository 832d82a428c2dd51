using EtcdApi.Wire;

namespace Storage.Core.Reads;

/// <summary>Walks the operations of one branch of an encoded etcdserverpb.TxnRequest, in order.</summary>
internal ref struct TxnOps(ReadOnlySpan<byte> txn, bool success)
{
    public const int None = 0, Range = 1, Put = 2, DeleteRange = 3, Txn = 4;

    // Deeper nesting than any valid request has: each level costs one of at most 128 operations.
    public const int MaxDepth = 256;

    private readonly int _field = success ? 2 : 3;
    private ProtoReader _reader = new(txn);

    /// <summary>Which request the operation holds: <see cref="Range"/> and so on, <see cref="None"/> when nothing is set.</summary>
    public int Kind { get; private set; }

    /// <summary>The encoded request.</summary>
    public ReadOnlySpan<byte> Request { get; private set; }

    public bool Malformed { get; private set; }

    public bool MoveNext()
    {
        while (_reader.Next())
        {
            if (_reader.Field != _field)
                continue;
            Kind = None;
            Request = default;
            var op = new ProtoReader(_reader.Bytes);
            while (op.Next())
            {
                if (op.Field is >= Range and <= Txn && op.WireType == 2)
                    {
                    Kind = op.Field;
                    Request = op.Bytes;
                }
            }
            Malformed |= op.Malformed;
            return !Malformed;
        }
        Malformed |= _reader.Malformed;
        return false;
    }
}
