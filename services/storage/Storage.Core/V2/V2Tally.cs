using Storage.Contracts;
using Storage.Contracts.Commands;
using Storage.Core.Apply;

namespace Storage.Core.V2;

/// <summary>Counts what is done to the v2 tree, as etcd counts it. No part of the state. Thread-safe.</summary>
public sealed class V2Tally
{
    // By operation: successes, then failures.
    private readonly long[,] _writes = new long[Enum.GetValues<V2Write.Types.Operation>().Length, 2];
    private long _getsSuccess, _getsFail, _expired;

    /// <summary>A client's read was answered.</summary>
    public void Read(bool found) => Interlocked.Increment(ref (found ? ref _getsSuccess : ref _getsFail));

    /// <summary>All so far.</summary>
    public V2Counts Sum() => new()
    {
        GetsSuccess = Volatile.Read(ref _getsSuccess),
        GetsFail = Volatile.Read(ref _getsFail),
        SetsSuccess = Of(V2Write.Types.Operation.Set, 0),
        SetsFail = Of(V2Write.Types.Operation.Set, 1),
        DeleteSuccess = Of(V2Write.Types.Operation.Delete, 0),
        DeleteFail = Of(V2Write.Types.Operation.Delete, 1),
        UpdateSuccess = Of(V2Write.Types.Operation.Update, 0),
        UpdateFail = Of(V2Write.Types.Operation.Update, 1),
        CreateSuccess = Of(V2Write.Types.Operation.Create, 0) + Of(V2Write.Types.Operation.CreateInOrder, 0),
        CreateFail = Of(V2Write.Types.Operation.Create, 1) + Of(V2Write.Types.Operation.CreateInOrder, 1),
        CompareAndSwapSuccess = Of(V2Write.Types.Operation.CompareAndSwap, 0),
        CompareAndSwapFail = Of(V2Write.Types.Operation.CompareAndSwap, 1),
        CompareAndDeleteSuccess = Of(V2Write.Types.Operation.CompareAndDelete, 0),
        CompareAndDeleteFail = Of(V2Write.Types.Operation.CompareAndDelete, 1),
        ExpireCount = Volatile.Read(ref _expired),
    };

    internal void Wrote(V2Write.Types.Operation operation, in Reply reply)
    {
        // No operation of this version: refused as malformed.
        if ((uint)operation >= (uint)_writes.GetLength(0))
            return;
        Interlocked.Increment(ref _writes[(int)operation, IsSuccess(operation, reply) ? 0 : 1]);
        // A new node below a file is a failed set to etcd, too.
        if (operation is V2Write.Types.Operation.Create or V2Write.Types.Operation.CreateInOrder && reply is { Error: StorageError.V2, Detail: V2Error.NotADirectory })
            Interlocked.Increment(ref _writes[(int)V2Write.Types.Operation.Set, 1]);
    }

    internal void Expired(long nodes) => Interlocked.Add(ref _expired, nodes);

    // Some refusals are successes to etcd: of a compareAndDelete whatever finds a node, a directory that an update would give a value, and what three others say of the root.
    private static bool IsSuccess(V2Write.Types.Operation operation, in Reply reply) => reply.Error == StorageError.None || (reply.Error == StorageError.V2 && operation switch
    {
        V2Write.Types.Operation.CompareAndDelete => reply.Detail is not (V2Error.KeyNotFound or V2Error.NotADirectory),
        V2Write.Types.Operation.Update => reply.Detail is V2Error.RootIsReadOnly or V2Error.NotAFile,
        V2Write.Types.Operation.CompareAndSwap or V2Write.Types.Operation.Delete => reply.Detail == V2Error.RootIsReadOnly,
        _ => false,
    });

    private long Of(V2Write.Types.Operation operation, int outcome) => Volatile.Read(ref _writes[(int)operation, outcome]);
}
