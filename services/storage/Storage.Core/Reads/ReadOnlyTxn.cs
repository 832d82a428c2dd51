using Storage.Contracts;

namespace Storage.Core.Reads;

/// <summary>Answers an etcdserverpb.TxnRequest that holds nothing but ranges: TxnResponse fields succeeded 2, responses 3.</summary>
public static class ReadOnlyTxn
{
    /// <summary>Writes the answer. Nothing usable is written on an error.</summary>
    /// <param name="source">What is read.</param>
    /// <param name="txn">The request.</param>
    /// <param name="body">Where the answer goes.</param>
    /// <param name="operations">Compares and ranges that it came to.</param>
    public static StorageError Read(scoped ref KeySpaceReader source, ReadOnlySpan<byte> txn, BodyBuffer body, out int operations)
    {
        var path = new TxnPath();
        operations = 0;
        if (!path.TryDecide(ref source, txn))
            return StorageError.Malformed;
        operations = path.Compares;
        return Write(ref source, txn, path, body, ref operations);
    }

    private static StorageError Write(scoped ref KeySpaceReader source, ReadOnlySpan<byte> txn, TxnPath path, BodyBuffer body, ref int operations)
    {
        var succeeded = path.Take();
        body.WriteInt64(2, succeeded ? 1 : 0);
        var ops = new TxnOps(txn, succeeded);
        while (ops.MoveNext())
        {
            var response = new BodyBuffer();
            StorageError error;
            switch (ops.Kind)
            {
                case TxnOps.Range:
                    if (!RangeQuery.TryParse(ops.Request, out var query))
                        return StorageError.Malformed;
                    error = RangeReader.CheckInTxn(query, source.Revision, source.CompactRevision);
                    if (error != StorageError.None)
                        return error;
                    response.WriteNestedHeader(source.Revision);
                    operations++;
                    error = RangeReader.Read(ref source, query, response);
                    break;
                case TxnOps.Txn:
                    response.WriteMessage(1, default); // a nested txn's header is there and empty
                    error = Write(ref source, ops.Request, path, response, ref operations);
                    break;
                default:
                    return StorageError.Malformed;
            }
            if (error != StorageError.None)
                return error;
            if (response.IsTooLarge)
                return StorageError.AnswerTooLarge;
            TxnResponses.Append(body, ops.Kind, response.Written.Span);
        }
        return StorageError.None;
    }
}
