using Storage.Contracts;
using Storage.Core.Mvcc;
using Storage.Core.State;
using Storage.Core.Tree;

namespace Storage.Core.Reads;

/// <summary>Reads the value before an event when a watcher wants it, from the newest view: most events are never asked for theirs.</summary>
public sealed class PreviousValues(PublishedState state) : IPreviousValues
{
    public int HeldBytes => 0;

    public ReadOnlyMemory<byte> WithPrevious(ReadOnlyMemory<byte> encodedEvent, in PreviousValue previous)
    {
        while (true)
        {
            var view = state.Current;
            try
            {
                return WithPrevious(view, encodedEvent, previous);
            }
            catch (TreeClosedException) when (state.Current != view)
            {
                // Another data file took the place of the view's: revisions are the same in both.
            }
        }
    }

    private static ReadOnlyMemory<byte> WithPrevious(StateView view, ReadOnlyMemory<byte> encodedEvent, in PreviousValue previous)
    {
        // As in etcd, the previous value is the one that a read at the revision before would see, if that can still be read.
        if (previous.EventRevision - 1 < view.CompactRevision)
            return encodedEvent;
        var records = RecordReader.ForView(view.Hot, view.Tree);
        try
        {
            var record = records.Read(new Revision(previous.Main, previous.Sub));
            return record.IsEmpty ? encodedEvent : EventRecord.WithPrevious(encodedEvent.Span, record);
        }
        finally
        {
            records.Dispose();
        }
    }
}
