using System.Globalization;
using System.Net;

namespace Standalone.Flags;

/// <summary>
/// Addresses as etcd 0.4 and 2.0 were given them, <c>-addr host:port</c> and its like: they are turned into the flags of today. What is listened on was by default
/// all interfaces, at the port of the address that is told to others. Variables such as ETCD_ADDR are none of them: clients use such names, too.
/// </summary>
internal static class OldSpellings
{
    private sealed record Role(string Address, string BindAddress, string AdvertiseUrls, string ListenUrls, string CertFile, int DefaultPort);

    private static readonly Role[] s_roles =
    [
        new("addr", "bind-addr", "advertise-client-urls", "listen-client-urls", "cert-file", 4001),
        new("peer-addr", "peer-bind-addr", "initial-advertise-peer-urls", "listen-peer-urls", "peer-cert-file", 7001),
    ];

    private static readonly string[] s_gone = ["peers", "peers-file"];

    // Of finding the other members.
    private static readonly string[] s_ways = ["initial-cluster", "discovery", "discovery-token", "discovery-srv"];

    /// <summary>By name.</summary>
    public static readonly IReadOnlyDictionary<string, Flag> All =
        s_roles.SelectMany(static role => new[] { role.Address, role.BindAddress }).Concat(s_gone).ToDictionary(static name => name, static name => new Flag(name, FlagKind.Text, ""));

    /// <summary>What is wrong with the value of an old flag; null when nothing.</summary>
    public static string? Complaint(string name, string value) =>
        !All.ContainsKey(name) ? null
        : s_gone.Contains(name) ? $"flag \"-{name}\" is no longer supported."
        : Split(value, defaultPort: name is "addr" or "peer-addr" ? null : 1) is null ? "it must have the form host:port, the host being an IP address or a name"
        : null;

    /// <summary>Puts the flags of today in the place of old ones.</summary>
    /// <param name="given">Text by flag name, of both; known to be valid.</param>
    /// <param name="warnings">Hears of every old one.</param>
    /// <exception cref="StartRefusedException">Both spellings are given.</exception>
    public static void Translate(Dictionary<string, string> given, List<StartWarning> warnings)
    {
        foreach (var role in s_roles)
            Translate(role, given, warnings);
    }

    private static void Translate(Role role, Dictionary<string, string> given, List<StartWarning> warnings)
    {
        given.Remove(role.Address, out var address);
        given.Remove(role.BindAddress, out var bindAddress);
        Warn(address, role.Address, role.AdvertiseUrls);
        Warn(bindAddress, role.BindAddress, role.ListenUrls);
        if (address is null && bindAddress is null)
            return;

        var scheme = given.GetValueOrDefault(role.CertFile) is { Length: > 0 } ? "https" : "http";
        var advertised = address is null ? null : Split(address, null);
        if (bindAddress is not null || !given.ContainsKey(role.ListenUrls))
        {
            var port = advertised?.Port ?? role.DefaultPort;
            var bound = bindAddress is null ? (Host: InterfacesOf(advertised!.Value.Host), Port: port) : Split(bindAddress, port)!.Value;
            given[role.ListenUrls] = Url(scheme, bound);
            // Who only says where to listen is found there on this machine.
            advertised ??= given.ContainsKey(role.AdvertiseUrls) ? null : ("127.0.0.1", bound.Port);
        }
        if (advertised is { } told)
            given[role.AdvertiseUrls] = Url(scheme, told);
        // Such a start line named no cluster: it was one of its own.
        if (role.AdvertiseUrls == "initial-advertise-peer-urls" && !HasCluster(given))
            given["initial-cluster"] = $"{given.GetValueOrDefault("name") ?? FlagTable.All["name"].Default}={given[role.AdvertiseUrls]}";

        void Warn(string? value, string old, string current)
        {
            if (value is null)
                return;
            if (given.ContainsKey(current))
                throw StartRefusedException.Verification($"Set only one of flags -{current} and -{old}");
            warnings.Add(new($"flag is deprecated: use --{current}", old));
        }
    }

    private static bool HasCluster(Dictionary<string, string> given) =>
        s_ways.Any(flag => given.GetValueOrDefault(flag) is { Length: > 0 });

    // Who tells others of the loopback address wants nobody else to come.
    private static string InterfacesOf(string host) =>
        host == "localhost" || (IPAddress.TryParse(host, out var address) && IPAddress.IsLoopback(address)) ? host : "0.0.0.0";

    private static string Url(string scheme, (string Host, int Port) at) =>
        string.Create(CultureInfo.InvariantCulture, $"{scheme}://{(at.Host.Contains(':', StringComparison.Ordinal) ? $"[{at.Host}]" : at.Host)}:{at.Port}");

    // "host:port", "[v6]:port", and "host" alone where there is a port to take.
    private static (string Host, int Port)? Split(string text, int? defaultPort)
    {
        var colon = text.LastIndexOf(':');
        var hasPort = colon > 0 && !text.EndsWith(']') && (text[0] == '[' || text.IndexOf(':', StringComparison.Ordinal) == colon);
        var host = (hasPort ? text[..colon] : text).Trim('[', ']');
        if (Uri.CheckHostName(host) == UriHostNameType.Unknown)
            return null;
        if (!hasPort)
            return defaultPort is { } port ? (host, port) : null;
        return ushort.TryParse(text[(colon + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out var given) ? (host, given) : null;
    }
}
