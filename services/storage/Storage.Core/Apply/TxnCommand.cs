using Storage.Contracts;
using Storage.Core.Mapping;
using Storage.Core.Reads;
using Storage.Core.State;

namespace Storage.Core.Apply;

/// <summary>
/// etcdserverpb.TxnRequest. Three passes over the bytes, none of which copies them: decide all branches, check everything on
/// the path, carry it out. A check that fails leaves nothing applied. The answer is TxnResponse: succeeded 2, responses 3.
/// </summary>
internal static class TxnCommand
{
    public static Reply Apply(StateMachine machine, ReadOnlySpan<byte> txn)
    {
        var source = machine.Store.Peek();
        var path = new TxnPath();
        if (!path.TryDecide(ref source, txn))
            return new Reply(StorageError.Malformed);
        machine.RequireRecord(source.Records.MissedRecord, default);
        // etcd compares in a transaction before the one that writes.
        machine.Counts.Range(path.Compares);
        machine.Counts.End();
        if (machine.Alarms.HasNoSpace && HoldsPut(txn, 0))
            return new Reply(StorageError.NoSpace);
        var error = Check(machine, txn, path);
        if (error != StorageError.None)
            return new Reply(error);
        path.Rewind();
        var body = machine.NewBody();
        Write(machine, txn, path, body);
        return Reply.Of(body);
    }

    // Either branch counts: what a txn may need must not depend on what it finds.
    private static bool HoldsPut(ReadOnlySpan<byte> txn, int depth)
    {
        foreach (var branch in (ReadOnlySpan<bool>)[true, false])
        {
            var ops = new TxnOps(txn, branch);
            while (ops.MoveNext())
            {
                if (ops.Kind == TxnOps.Put || (ops.Kind == TxnOps.Txn && depth < TxnOps.MaxDepth && HoldsPut(ops.Request, depth + 1)))
                    return true;
            }
        }
        return false;
    }

    // As in etcd, every put on the path is checked before any range: which error a txn with several gets depends on it.
    private static StorageError Check(StateMachine machine, ReadOnlySpan<byte> txn, TxnPath path)
    {
        var error = CheckWrites(machine, txn, path, machine.Mapping.NewCheck());
        path.Rewind();
        return error != StorageError.None ? error : CheckRanges(machine, txn, path);
    }

    private static StorageError CheckWrites(StateMachine machine, ReadOnlySpan<byte> txn, TxnPath path, MappedCheck? mapped)
    {
        var ops = new TxnOps(txn, path.Take());
        while (ops.MoveNext())
        {
            var error = ops.Kind switch
            {
                TxnOps.Range => StorageError.None,
                TxnOps.Put => !PutCommand.TryParse(ops.Request, out var put) ? StorageError.Malformed : put.CheckInTxn(machine, mapped),
                TxnOps.DeleteRange => CheckDelete(ops.Request, mapped),
                TxnOps.Txn => CheckWrites(machine, ops.Request, path, mapped),
                _ => StorageError.KeyNotFound, // an operation with nothing set, as etcd answers it
            };
            if (error != StorageError.None)
                return error;
        }
        return StorageError.None;
    }

    private static StorageError CheckDelete(ReadOnlySpan<byte> request, MappedCheck? mapped)
    {
        if (!DeleteRangeCommand.TryParse(request, out var delete))
            return StorageError.Malformed;
        mapped?.Delete(delete.Range);
        return StorageError.None;
    }

    private static StorageError CheckRanges(StateMachine machine, ReadOnlySpan<byte> txn, TxnPath path)
    {
        var ops = new TxnOps(txn, path.Take());
        while (ops.MoveNext())
        {
            var error = ops.Kind switch
            {
                TxnOps.Range => !RangeQuery.TryParse(ops.Request, out var query)
                    ? StorageError.Malformed
                    : RangeReader.CheckInTxn(query, machine.Store.Revision, machine.Store.CompactRevision),
                TxnOps.Txn => CheckRanges(machine, ops.Request, path),
                _ => StorageError.None,
            };
            if (error != StorageError.None)
                return error;
        }
        return StorageError.None;
    }

    private static void Write(StateMachine machine, ReadOnlySpan<byte> txn, TxnPath path, BodyBuffer body)
    {
        var succeeded = path.Take();
        body.WriteInt64(2, succeeded ? 1 : 0);
        var ops = new TxnOps(txn, succeeded);
        var response = machine.NewBody();
        while (ops.MoveNext())
        {
            response.Clear();
            WriteOperation(machine, ops.Kind, ops.Request, path, response);
            if (response.IsTooLarge)
                body.Drop();
            else
                TxnResponses.Append(body, ops.Kind, response.Written.Span);
        }
    }

    private static void WriteOperation(StateMachine machine, int kind, ReadOnlySpan<byte> request, TxnPath path, BodyBuffer response)
    {
        var store = machine.Store;
        switch (kind)
        {
            case TxnOps.Range:
                Invariant.Holds(RangeQuery.TryParse(request, out var query));
                machine.Counts.Range();
                var source = store.Peek();
                response.WriteNestedHeader(store.VisibleRevision);
                Invariant.Holds(RangeReader.Read(ref source, query, response) == StorageError.None);
                machine.RequireRecord(source.Records.MissedRecord, default);
                break;
            case TxnOps.Put:
                Invariant.Holds(PutCommand.TryParse(request, out var put));
                response.WriteNestedHeader(store.Revision + 1);
                put.Write(machine, response);
                break;
            case TxnOps.DeleteRange:
                Invariant.Holds(DeleteRangeCommand.TryParse(request, out var delete));
                var fields = machine.NewBody();
                delete.Write(machine, fields);
                if (fields.IsTooLarge)
                    response.Drop();
                response.WriteNestedHeader(store.VisibleRevision);
                fields.Written.Span.CopyTo(response.GetSpan(fields.Length));
                response.Advance(fields.Length);
                break;
            default:
                response.WriteMessage(1, default); // a nested txn's header is there and empty
                Write(machine, request, path, response);
                break;
        }
    }
}
