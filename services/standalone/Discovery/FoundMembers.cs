using System.Globalization;
using Standalone.Flags;

namespace Standalone.Discovery;

/// <summary>The rules by which registrations become an initial cluster: the same on every member, so that all come to the same one.</summary>
internal static class FoundMembers
{
    /// <summary>The size of a cluster.</summary>
    /// <exception cref="DiscoveryFailure">It is none.</exception>
    public static uint SizeOf(string text) => uint.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var size) && size > 0
        ? size
        : throw DiscoveryFailure.Refused("discovery: size key is bad");

    /// <summary>The members of the cluster among those who registered: the first, by the order of registration.</summary>
    /// <param name="registered">In any order.</param>
    /// <param name="size">How many it is to have.</param>
    /// <param name="self">The id of this member, which need not have registered.</param>
    /// <exception cref="DiscoveryFailure">There is no place left for this one.</exception>
    public static List<Registration> FirstOf(IEnumerable<Registration> registered, uint size, string self)
    {
        var first = registered.OrderBy(static member => member.CreatedAt).Take(size > int.MaxValue ? int.MaxValue : (int)size).ToList();
        return first.Count < size || first.Any(member => member.Id == self) ? first : throw DiscoveryFailure.Full();
    }

    /// <summary>The initial cluster of all its members, in the form of the flag, sorted.</summary>
    /// <exception cref="DiscoveryFailure">What they registered is none.</exception>
    public static string InitialCluster(IReadOnlyCollection<Registration> members)
    {
        (string Name, string Url)[] pairs = [.. members.SelectMany(static member => member.Urls.Split(',')).Select(PairOf)];
        if (pairs.Any(static pair => pair.Url.Length == 0 || MemberUrls.Complaint(pair.Url) is not null))
            throw DiscoveryFailure.Refused("discovery: invalid URL");
        return pairs.Select(static pair => pair.Name).Distinct().Count() == members.Count
            ? string.Join(',', pairs.Select(static pair => $"{pair.Name}={pair.Url}").Order(StringComparer.Ordinal))
            : throw DiscoveryFailure.DuplicateName();
    }

    /// <summary>Is the same URL in it twice?</summary>
    public static bool HasDuplicateUrl(string initialCluster)
    {
        string[] urls = [.. initialCluster.Split(',').Select(static pair => PairOf(pair).Url)];
        return urls.Distinct().Count() != urls.Length;
    }

    /// <summary>The URLs of one member, sorted.</summary>
    public static IReadOnlyList<string> UrlsOf(string initialCluster, string name) =>
        [.. initialCluster.Split(',').Select(PairOf).Where(pair => pair.Name == name).Select(static pair => pair.Url).Order(StringComparer.Ordinal)];

    private static (string Name, string Url) PairOf(string text)
    {
        var equals = text.IndexOf('=', StringComparison.Ordinal);
        return equals < 0 ? (text.Trim(), "") : (text[..equals].Trim(), text[(equals + 1)..].Trim());
    }
}
