using EtcdApi.Wire;

namespace ApiGateway.Core.Headers;

/// <summary>
/// Writes the <c>header</c> field (1) of a response: cluster_id 1, member_id 2, revision 3, raft_term 4.
/// The ids hardly ever change, so they are encoded once per member and copied. Immutable, thread-safe.
/// </summary>
public sealed class ResponseHeaderWriter
{
    private const int HeaderField = 1;
    private readonly byte[] _ids;

    public ResponseHeaderWriter(ulong clusterId, ulong memberId)
    {
        ClusterId = clusterId;
        MemberId = memberId;
        Span<byte> ids = stackalloc byte[2 * (1 + 10)];
        var writer = new ProtoWriter(ids);
        writer.Varint(1, clusterId);
        writer.Varint(2, memberId);
        _ids = ids[..writer.Written].ToArray();
    }

    public ulong ClusterId { get; }

    public ulong MemberId { get; }

    /// <summary>Bytes that <see cref="Write"/> will write, tag and length included.</summary>
    public int Size(long revision, ulong term) => ProtoWriter.MessageSize(HeaderField, ContentSize(revision, term));

    /// <summary>Writes the field. A revision of 0 is left out, as in replies of the Cluster service.</summary>
    public void Write(ref ProtoWriter writer, long revision, ulong term)
    {
        writer.MessageHeader(HeaderField, ContentSize(revision, term));
        writer.Encoded(_ids);
        writer.Int64(3, revision);
        writer.Varint(4, term);
    }

    private int ContentSize(long revision, ulong term) =>
        _ids.Length + ProtoWriter.Int64Size(3, revision) + ProtoWriter.Int64Size(4, unchecked((long)term));
}
