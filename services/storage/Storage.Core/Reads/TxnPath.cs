using EtcdApi.Wire;

namespace Storage.Core.Reads;

/// <summary>
/// Decides every branch of a txn, nested ones included, before any of its operations is carried out: all compares see the state before
/// the txn. The decisions are taken back in the order in which they were made.
/// </summary>
internal sealed class TxnPath
{
    private readonly List<bool> _decisions = [];

    /// <summary>Compares on the path, of each transaction up to the first that does not hold.</summary>
    public int Compares { get; private set; }

    private int _next;

    /// <summary>Evaluates all compares on the path; false when the request is malformed.</summary>
    public bool TryDecide(scoped ref KeySpaceReader source, ReadOnlySpan<byte> txn, int depth = 0)
    {
        if (depth > TxnOps.MaxDepth)
            return false;
        var holds = true;
        var reader = new ProtoReader(txn);
        while (reader.Next())
        {
            if (reader.Field != 1)
                continue;
            Compares += holds ? 1 : 0;
            holds &= TxnCompare.Holds(ref source, reader.Bytes, out var malformed);
            if (malformed)
                return false;
        }
        if (reader.Malformed)
            return false;
        _decisions.Add(holds);
        var ops = new TxnOps(txn, holds);
        while (ops.MoveNext())
        {
            if (ops.Kind == TxnOps.Txn && !TryDecide(ref source, ops.Request, depth + 1))
                return false;
        }
        return !ops.Malformed;
    }

    /// <summary>Goes back to the first decision.</summary>
    public void Rewind() => _next = 0;

    /// <summary>The next txn's decision, in the order of the operations.</summary>
    public bool Take() => _decisions[_next++];
}
