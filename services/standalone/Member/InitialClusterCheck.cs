using Standalone.Flags;

namespace Standalone.Member;

/// <summary>What etcd finds wrong with an initial cluster, in its words.</summary>
internal static class InitialClusterCheck
{
    /// <summary>Null when every member's URLs are such.</summary>
    public static string? UrlComplaint(string initialCluster) =>
        Pairs(initialCluster)
            .Select(static pair => pair.Url.Length == 0 ? "URL scheme must be http, https, unix, or unixs: " : MemberUrls.Complaint(pair.Url))
            .FirstOrDefault(static complaint => complaint is not null);

    /// <summary>Null when the initial cluster has this member, with the URLs that it advertises, and no URL twice.</summary>
    public static string? Complaint(string initialCluster, string name, IReadOnlyList<string> advertised)
    {
        var pairs = Pairs(initialCluster);
        string[] own = [.. pairs.Where(pair => pair.Name == name).Select(static pair => pair.Url).Order(StringComparer.Ordinal)];
        if (own.Length == 0)
            return $"couldn't find local name \"{name}\" in the initial cluster configuration";
        if (pairs.DistinctBy(static pair => pair.Url).Count() != pairs.Count)
            return $"initial cluster {initialCluster} has duplicate url";
        return AdvertisedComplaint(name, own, [.. advertised.Order(StringComparer.Ordinal)]);
    }

    private static List<(string Name, string Url)> Pairs(string initialCluster) =>
    [
        .. initialCluster.Split(',', StringSplitOptions.RemoveEmptyEntries).Select(static pair =>
        {
            var equals = pair.IndexOf('=', StringComparison.Ordinal);
            // etcd takes a word without "=" for a name without a URL.
            return equals < 0 ? (pair.Trim(), "") : (pair[..equals].Trim(), pair[(equals + 1)..].Trim());
        }),
    ];

    private static string? AdvertisedComplaint(string name, string[] initial, string[] advertised)
    {
        if (initial.SequenceEqual(advertised))
            return null;
        var difference = initial.Length != advertised.Length
            ? $"len({Quoted(advertised)}) != len({Quoted(initial)})"
            : advertised.Zip(initial).Where(static pair => pair.First != pair.Second)
                .Select(static pair => $"resolved urls: \"{pair.First}\" != \"{pair.Second}\"").First();
        var missing = initial.Except(advertised).Select(url => $"{name}={url}").ToArray();
        return missing.Length > 0
            ? $"--initial-cluster has {string.Join(',', missing)} but missing from --initial-advertise-peer-urls={string.Join(',', advertised)} ({difference})"
            : $"--initial-advertise-peer-urls has {string.Join(',', advertised.Except(initial))} but missing from --initial-cluster="
                + string.Join(',', advertised.Select(url => $"{name}={url}"));
    }

    private static string Quoted(string[] texts) => $"[{string.Join(' ', texts.Select(text => $"\"{text}\""))}]";
}
