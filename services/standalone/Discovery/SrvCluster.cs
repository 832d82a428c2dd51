using System.Net;
using Microsoft.Extensions.Logging;

namespace Standalone.Discovery;

/// <summary>Makes an initial cluster of DNS records as etcd does: all of a domain's peers, with and without TLS.</summary>
internal sealed class SrvCluster(ISrvLookup dns, ILogger logger)
{
    private static readonly (string Scheme, string Service)[] s_services = [("https", "etcd-server-ssl"), ("http", "etcd-server")];

    /// <summary>The initial cluster, in the form of the flag. Members that are not this one are named by numbers.</summary>
    /// <param name="options">Where to look.</param>
    /// <param name="name">Of this member.</param>
    /// <param name="peerUrls">What it advertises: one of the targets must be at one of these.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <exception cref="StartRefusedException">There is none with this member.</exception>
    public async Task<string> FindAsync(SrvDiscoveryOptions options, string name, IReadOnlyList<string> peerUrls, CancellationToken cancellation)
    {
        var suffix = options.ServiceName.Length > 0 ? "-" + options.ServiceName : "";
        var own = new List<(string Url, IPEndPoint At)>();
        foreach (var url in peerUrls)
        {
            var uri = new Uri(url);
            foreach (var address in await AddressesAsync(uri.Host, cancellation).ConfigureAwait(false))
                own.Add((url, new IPEndPoint(address, uri.Port)));
        }
        var (found, complaints) = (new List<string>(), new List<string>());
        foreach (var (scheme, service) in s_services)
        {
            try
            {
                found.AddRange(await MembersAsync($"{service}{suffix}", scheme, options.Domain, name, own, cancellation).ConfigureAwait(false));
            }
            catch (LookupFailedException failed)
            {
                complaints.Add($"error querying DNS SRV records for _{service}{suffix} {failed.Message}");
            }
        }
        if (found.Count == 0)
            throw StartRefusedException.Discovery($"error setting up initial cluster: {string.Join("; ", complaints)}");
        foreach (var member in found)
            DiscoveryLog.FoundByDns(logger, options.Domain, member);
        return found.Any(member => member.StartsWith(name + "=", StringComparison.Ordinal))
            ? string.Join(',', found)
            : throw StartRefusedException.Discovery($"error setting up initial cluster: cannot find local etcd member \"{name}\" in SRV records");
    }

    private async Task<List<string>> MembersAsync(
        string service, string scheme, string domain, string name, List<(string Url, IPEndPoint At)> own, CancellationToken cancellation)
    {
        var (members, others) = (new List<string>(), 0);
        string? mismatch = null;
        foreach (var target in await dns.FindAsync($"_{service}._tcp.{domain}", cancellation).ConfigureAwait(false))
        {
            var addresses = await AddressesAsync(target.Host, cancellation).ConfigureAwait(false);
            if (addresses.Count == 0)
            {
                mismatch ??= $"lookup {target.Host}: no such host";
                continue;
            }
            var (ownUrl, _) = own.FirstOrDefault(mine => mine.At.Port == target.Port && addresses.Contains(mine.At.Address));
            var member = ownUrl is null ? $"{others++}" : name;
            var url = $"{scheme}://{target.Host}:{target.Port}";
            if (ownUrl?.StartsWith(scheme + "://", StringComparison.Ordinal) == false)
                mismatch = $"bootstrap at {url} from DNS for {service} has scheme mismatch with expected peer {ownUrl}";
            else
                members.Add($"{member}={url}");
        }
        return members.Count > 0 ? members : throw new LookupFailedException(mismatch ?? "no such host");
    }

    private async Task<IReadOnlyList<IPAddress>> AddressesAsync(string host, CancellationToken cancellation) =>
        IPAddress.TryParse(host.Trim('[', ']'), out var address) ? [address] : await dns.AddressesOfAsync(host, cancellation).ConfigureAwait(false);
}
