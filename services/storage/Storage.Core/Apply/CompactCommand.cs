using EtcdApi.Wire;
using Storage.Contracts;
using Storage.Core.State;

namespace Storage.Core.Apply;

/// <summary>
/// etcdserverpb.CompactionRequest: marks the revision at once; the sweep removes what it made unreadable, step by step. The
/// answer has no fields behind the header.
/// </summary>
internal static class CompactCommand
{
    public static Reply Apply(StateMachine machine, ReadOnlySpan<byte> request)
    {
        long revision = 0;
        var reader = new ProtoReader(request);
        while (reader.Next())
        {
            if (reader.Field == 1)
                revision = (long)reader.Varint;
        }
        if (reader.Malformed)
            return new Reply(StorageError.Malformed);
        if (revision <= machine.Store.CompactRevision)
            return new Reply(StorageError.Compacted);
        if (revision > machine.Store.Revision)
            return new Reply(StorageError.FutureRevision);
        machine.Store.CompactRevision = revision;
        // etcd reads a key to learn the revision that it answers with.
        machine.Counts.Range();
        return Reply.Ok;
    }
}
