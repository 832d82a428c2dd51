using Storage.Contracts;

namespace Storage.Core.Reads;

/// <summary>Answers an etcdserverpb.TxnRequest that holds nothing but ranges: TxnResponse fields succeeded 2, responses 3.</summary>
public static class ReadOnlyTxn
{
    /// <summary>Writes the answer. Nothing usable is written on an error.</summary>
    public static StorageError Read(scoped ref KeySpaceReader source, ReadOnlySpan<byte> txn, BodyBuffer body)
    {
        var path = new TxnPath();
        if (!path.TryDecide(ref source, txn))
            return StorageError.Malformed;
        return Write(ref source, txn, path, body);
    }

    private static StorageError Write(scoped ref KeySpaceReader source, ReadOnlySpan<byte> txn, TxnPath path, BodyBuffer body)
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
                    error = RangeReader.Read(ref source, query, response);
                    break;
                case TxnOps.Txn:
                    response.WriteMessage(1, default); // a nested txn's header is there and empty
                    error = Write(ref source, ops.Request, path, response);
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
