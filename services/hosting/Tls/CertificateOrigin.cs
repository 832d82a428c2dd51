using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;

namespace Hosting.Tls;

/// <summary>Whether a member's certificate may come from where it comes from: it names addresses or hosts, and the caller's is among them.</summary>
internal static class CertificateOrigin
{
    /// <summary>What is wrong with it, in etcd's words; null when nothing. Hosts are looked up, and only when the addresses do not decide.</summary>
    public static async ValueTask<string?> ComplaintAsync(X509Certificate2 certificate, IPAddress caller, CancellationToken cancellation)
    {
        if (CertificateNames.AlternativeNames(certificate) is not { } names)
            return null;
        if (caller.IsIPv4MappedToIPv6)
            caller = caller.MapToIPv4();
        IPAddress[] addresses = [.. names.EnumerateIPAddresses()];
        string[] hosts = [.. names.EnumerateDnsNames()];
        if (addresses.Contains(caller) || (addresses.Length == 0 && hosts.Length == 0))
            return null;
        if (hosts.Length == 0)
            return $"x509: certificate is valid for {string.Join(", ", addresses.Select(static address => address.ToString()))}, not {caller}";
        foreach (var host in hosts)
        {
            if (await IsAtAsync(host, caller, cancellation).ConfigureAwait(false))
                return null;
        }
        return $"tls: \"{caller}\" does not match any of DNSNames [{string.Join(' ', hosts.Select(static host => $"\"{host}\""))}]";
    }

    private static async ValueTask<bool> IsAtAsync(string host, IPAddress caller, CancellationToken cancellation)
    {
        try
        {
            if (!host.StartsWith("*.", StringComparison.Ordinal))
                return (await Dns.GetHostAddressesAsync(host, cancellation).ConfigureAwait(false)).Contains(caller);
            // What a wildcard stands for is not looked up: it is the caller's own name that has to fit.
            var entry = await Dns.GetHostEntryAsync(caller.ToString(), cancellation).ConfigureAwait(false);
            var dot = entry.HostName.IndexOf('.', StringComparison.Ordinal);
            return dot > 0 && entry.HostName[dot..].Equals(host[1..], StringComparison.OrdinalIgnoreCase) && entry.AddressList.Contains(caller);
        }
        catch (SocketException)
        {
            return false; // Not known: it is not at that address.
        }
    }
}
