using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Consensus.Contracts;

namespace Consensus.Host.Identity;

/// <summary>Ids of the initial cluster, derived as etcd derives them, so that discovery and tools agree.</summary>
/// <remarks>
/// Member: first 8 bytes, big-endian, of SHA-1 over its sorted peer URLs and the token. Cluster: the same over the 8-byte
/// big-endian member ids in ascending order.
/// </remarks>
public sealed record ClusterIdentity(ClusterId Cluster, MemberId Self, IReadOnlyList<Member> Members)
{
    /// <exception cref="FormatException">The initial cluster is malformed, or this member is not in it.</exception>
    public static ClusterIdentity Derive(ConsensusOptions options)
    {
        var urlsByName = new SortedDictionary<string, List<string>>(StringComparer.Ordinal);
        var initialCluster = options.InitialCluster.Length > 0
            ? options.InitialCluster
            : string.Join(',', options.PeerUrls.Select(url => $"{options.Name}={url}"));
        foreach (var part in initialCluster.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            var at = part.IndexOf('=', StringComparison.Ordinal);
            if (at <= 0 || at == part.Length - 1)
                throw new FormatException($"initial cluster: \"{part}\" is not name=url");
            var name = part[..at];
            if (!urlsByName.TryGetValue(name, out var urls))
                urlsByName.Add(name, urls = []);
            urls.Add(part[(at + 1)..]);
        }
        if (!urlsByName.TryGetValue(options.Name, out var own))
            throw new FormatException($"initial cluster \"{initialCluster}\" does not name this member, \"{options.Name}\"");
        if (!own.Order(StringComparer.Ordinal).SequenceEqual(options.PeerUrls.Order(StringComparer.Ordinal)))
            throw new FormatException($"initial cluster gives \"{options.Name}\" other peer URLs than {string.Join(',', options.PeerUrls)}");

        var members = urlsByName
            .Select(pair => new Member(
                MemberIdOf(pair.Value, options.Token), pair.Key, pair.Value,
                pair.Key == options.Name ? options.AdvertiseClientUrls : [], IsLearner: false))
            .OrderBy(member => member.Id.Value)
            .ToArray();
        var self = Array.Find(members, member => member.Name == options.Name)!.Id;
        return new ClusterIdentity(ClusterIdOf(members.Select(member => member.Id)), self, members);
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
