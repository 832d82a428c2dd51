using System.Text;
using Storage.Contracts;
using Storage.Contracts.Auth;
using Storage.Core.Auth;
using Storage.Core.State;
using Storage.Core.V2;

namespace Storage.Core.Reads;

/// <summary>
/// The reads of the contract, for any thread, each on one view. A read that a compaction overtook (see <see cref="PruneFloor"/>) starts again on the
/// newest view, where its revision is either readable in full or refused.
/// </summary>
public static class StateReads
{
    /// <summary>Answers an encoded RangeRequest.</summary>
    public static ReadResult Range(PublishedState state, ReadOnlySpan<byte> request, in Caller caller = default)
    {
        if (!RangeQuery.TryParse(request, out var query))
            return Failed(state.Current, StorageError.Malformed);
        while (true)
        {
            var view = state.Current;
            var refused = AccessIn(view, caller).Range(query.Range);
            if (refused != StorageError.None)
                return Failed(view, refused);
            var body = new BodyBuffer();
            var source = KeySpaceReader.Open(view);
            try
            {
                var error = RangeReader.Read(ref source, query, body);
                if (error != StorageError.None)
                    return Failed(view, error);
                if (body.IsTooLarge)
                    return Failed(view, StorageError.AnswerTooLarge);
                if (IsWhole(view, query.Revision <= 0 ? view.Revision : query.Revision, source.Records.MissedRecord))
                    return Answer(view, body);
            }
            finally
            {
                source.Dispose();
            }
        }
    }

    /// <summary>Answers an encoded TxnRequest that holds nothing but ranges.</summary>
    /// <param name="state">What is read.</param>
    /// <param name="request">The request.</param>
    /// <param name="operations">Compares and ranges that it came to.</param>
    /// <param name="caller">Who asks.</param>
    public static ReadResult Txn(PublishedState state, ReadOnlySpan<byte> request, out int operations, in Caller caller = default)
    {
        operations = 0;
        while (true)
        {
            var view = state.Current;
            var access = AccessIn(view, caller);
            var refused = access.IsFree ? StorageError.None : access.Txn(request);
            if (refused != StorageError.None)
                return Failed(view, refused);
            var body = new BodyBuffer();
            var source = KeySpaceReader.Open(view);
            try
            {
                var error = ReadOnlyTxn.Read(ref source, request, body, out operations);
                if (error != StorageError.None)
                    return Failed(view, error);
                if (body.IsTooLarge)
                    return Failed(view, StorageError.AnswerTooLarge);
                // Its ranges may be at any revision that the view can read.
                if (IsWhole(view, Math.Max(view.CompactRevision, 0), source.Records.MissedRecord))
                    return Answer(view, body);
            }
            finally
            {
                source.Dispose();
            }
        }
    }

    /// <summary>Whether a caller may do something; no body.</summary>
    public static ReadResult Authorize(StateView view, AccessRequest request, in Caller caller) => Failed(view, AccessIn(view, caller).Check(request));

    /// <summary>The authentication state with one of its users.</summary>
    public static AuthStatus Auth(StateView view, string user) => view.Auth.StatusOf(user, view.AppliedIndex, view.AppliedTerm, view.Revision);

    /// <summary>Answers GET of the v2 API.</summary>
    public static ReadResult V2(PublishedState state, string path, bool recursive, long nowUnixNanos)
    {
        var view = state.Current;
        var body = new BodyBuffer();
        return V2Reader.Read(view.V2, path, recursive, nowUnixNanos, body) is { } error
            ? new ReadResult(StorageError.V2, view.V2.Index, view.AppliedIndex, view.AppliedTerm, error.Code, Encoding.UTF8.GetBytes(error.Cause))
            : new ReadResult(StorageError.None, view.V2.Index, view.AppliedIndex, view.AppliedTerm, 0, body.Written);
    }

    /// <summary>HashKV; the revision is 0 or negative for the current one.</summary>
    public static HashResult Hash(PublishedState state, long revision)
    {
        while (true)
        {
            var view = state.Current;
            var at = revision <= 0 ? view.Revision : revision;
            var error = at > view.Revision ? StorageError.FutureRevision
                : at < view.CompactRevision ? StorageError.Compacted
                : StorageError.None;
            if (error != StorageError.None)
                return new HashResult(error, 0, view.CompactRevision, 0, view.Revision, view.AppliedTerm);
            var hash = KeySpaceHash.Compute(view, at);
            // What a later compaction removes counts here, so nothing of it may be gone yet.
            if (view.Floor.Revision <= view.CompactRevision)
                return new HashResult(StorageError.None, hash, view.CompactRevision, at, view.Revision, view.AppliedTerm);
        }
    }

    /// <summary>Whether a read at a revision saw everything; false: read again on the newest view.</summary>
    /// <exception cref="RecordLostException">Something is gone that no compaction removed.</exception>
    internal static bool IsWhole(StateView view, long revision, bool missedRecord)
    {
        if (view.Floor.Revision > revision)
            return false;
        return missedRecord ? throw new RecordLostException($"reading at revision {revision}") : true;
    }

    private static AccessCheck AccessIn(StateView view, in Caller caller) => new(view.Auth, view.Leases.Attached, caller);

    private static ReadResult Answer(StateView view, BodyBuffer body) =>
        new(StorageError.None, view.Revision, view.AppliedIndex, view.AppliedTerm, 0, body.Written);

    private static ReadResult Failed(StateView view, StorageError error) =>
        new(error, view.Revision, view.AppliedIndex, view.AppliedTerm, 0, default);
}
