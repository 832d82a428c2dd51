using EtcdApi.Wire;

namespace ApiGateway.Core.Watching;

/// <summary>One WatchResponse on its way out. Events are encoded already and only copied.</summary>
public readonly record struct WatchReply(
    long Revision, ulong Term, long WatchId, bool Created, bool Canceled, long CompactRevision, string CancelReason, bool Fragment,
    ReadOnlyMemory<byte> Events)
{
    /// <summary>The watch id of refused creates and of stream-wide progress.</summary>
    public const long NoWatch = -1;

    /// <summary>Field number of the watch id.</summary>
    public const int WatchIdField = 2;

    private const int CancelReasonField = 6;

    /// <summary>The shape in which etcd refuses a create.</summary>
    public static WatchReply Refused(string reason, long revision, ulong term) =>
        new(revision, term, NoWatch, Created: true, Canceled: true, 0, reason, false, default);

    /// <summary>Bytes of the encoded message whose header field takes <paramref name="headerBytes"/>.</summary>
    public int Size(int headerBytes) =>
        headerBytes + ProtoWriter.Int64Size(WatchIdField, WatchId) + (Created ? 2 : 0) + (Canceled ? 2 : 0)
        + ProtoWriter.Int64Size(5, CompactRevision)
        + (CancelReason.Length == 0 ? 0 : ProtoWriter.BytesSize(CancelReasonField, System.Text.Encoding.UTF8.GetByteCount(CancelReason)))
        + (Fragment ? 2 : 0) + Events.Length;

    /// <summary>
    /// Writes the message but for its events, which come last: <see cref="Size"/> less their length. <paramref name="header"/> is the encoded
    /// header field, of this revision and term.
    /// </summary>
    public void WriteFields(ReadOnlySpan<byte> header, ref ProtoWriter writer)
    {
        writer.Encoded(header);
        writer.Int64(WatchIdField, WatchId);
        writer.Bool(3, Created);
        writer.Bool(4, Canceled);
        writer.Int64(5, CompactRevision);
        if (CancelReason.Length > 0)
            writer.Bytes(CancelReasonField, System.Text.Encoding.UTF8.GetBytes(CancelReason));
        writer.Bool(7, Fragment);
    }
}
