using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;
using Consensus.Contracts;

namespace Consensus.Host.Identity;

/// <summary>Ids of the initial cluster, derived as etcd derives them, so that discovery and tools agree.</summary>
/// <remarks>
/// Member: first 8 bytes, big-endian, of SHA-1 over its sorted peer URLs and the token. Cluster: the same over the 8-byte
/// big-endian member ids in ascending order.
/// </remarks>
/// <param name="Cluster">The cluster.</param>
/// <param name="Self">This member.</param>
/// <param name="Members">All initial members, by ascending id; names and client URLs are empty until each has said them.</param>
public sealed record ClusterIdentity(ClusterId Cluster, MemberId Self, ImmutableArray<Member> Members)
{
    /// <exception cref="FormatException">The initial cluster is malformed, or this member is not in it.</exception>
    public static ClusterIdentity Derive(ConsensusOptions options)
    {
        var initial = InitialCluster.Parse(options);
        var members = initial.Values
            .Select(urls => new Member(MemberIdOf(urls, options.Token), "", [.. urls.Order(StringComparer.Ordinal)], [], IsLearner: false))
            .OrderBy(member => member.Id.Value)
            .ToImmutableArray();
        return new ClusterIdentity(ClusterIdOf(members.Select(member => member.Id)), MemberIdOf(initial[options.Name], options.Token), members);
    }

    private static MemberId MemberIdOf(IEnumerable<string> peerUrls, string token) =>
        new(HashOf(Encoding.UTF8.GetBytes(string.Concat(peerUrls.Order(StringComparer.Ordinal)) + token)));

    private static ClusterId ClusterIdOf(IEnumerable<MemberId> ascending)
    {
        var bytes = new List<byte>();
        Span<byte> id = stackalloc byte[sizeof(ulong)];
        foreach (var member in ascending)
        {
            BinaryPrimitives.WriteUInt64BigEndian(id, member.Value);
            bytes.AddRange(id);
        }
        return new ClusterId(HashOf([.. bytes]));
    }

#pragma warning disable CA5350 // An identifier that etcd defines so; nothing is secured by it.
    private static ulong HashOf(byte[] bytes) => BinaryPrimitives.ReadUInt64BigEndian(SHA1.HashData(bytes));
#pragma warning restore CA5350
}
