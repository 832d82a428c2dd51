using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Consensus.Contracts;

namespace ApiGateway.Core.Membership;

/// <summary>Ids of members that join a running cluster, derived as etcd derives them.</summary>
public static class MemberIdRule
{
    /// <summary>First 8 bytes, big-endian, of SHA-1 over the sorted peer URLs and the time in decimal. The token of initial members is empty here.</summary>
    /// <param name="peerUrls">In any order.</param>
    /// <param name="unixSeconds">When it was added.</param>
    public static MemberId Derive(IEnumerable<string> peerUrls, long unixSeconds)
    {
        var text = string.Concat(peerUrls.Order(StringComparer.Ordinal)) + unixSeconds.ToString(CultureInfo.InvariantCulture);
#pragma warning disable CA5350 // An identifier that etcd defines so; nothing is secured by it.
        return new MemberId(BinaryPrimitives.ReadUInt64BigEndian(SHA1.HashData(Encoding.UTF8.GetBytes(text))));
#pragma warning restore CA5350
    }
}
