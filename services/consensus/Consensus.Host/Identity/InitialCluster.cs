namespace Consensus.Host.Identity;

/// <summary>Reads "name=url,name=url".</summary>
internal static class InitialCluster
{
    /// <summary>Peer URLs of each name, this member's among them.</summary>
    /// <exception cref="FormatException">It is malformed, or does not have this member with its peer URLs.</exception>
    public static SortedDictionary<string, List<string>> Parse(ConsensusOptions options)
    {
        var urlsByName = new SortedDictionary<string, List<string>>(StringComparer.Ordinal);
        var text = options.InitialCluster.Length > 0
            ? options.InitialCluster
            : string.Join(',', options.PeerUrls.Select(url => $"{options.Name}={url}"));
        foreach (var part in text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
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
            throw new FormatException($"initial cluster \"{text}\" does not name this member, \"{options.Name}\"");
        if (!own.Order(StringComparer.Ordinal).SequenceEqual(options.PeerUrls.Order(StringComparer.Ordinal)))
            throw new FormatException($"initial cluster gives \"{options.Name}\" other peer URLs than {string.Join(',', options.PeerUrls)}");
        return urlsByName;
    }
}
