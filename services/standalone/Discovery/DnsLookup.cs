using System.Net;
using System.Net.Sockets;
using DnsClient;
using DnsClient.Protocol;

namespace Standalone.Discovery;

/// <summary>Service records by the resolvers that the system is configured with, which its own interface has no call for; addresses as the system finds them.</summary>
/// <param name="client">Asks for service records.</param>
internal sealed class DnsLookup(LookupClient client) : ISrvLookup
{
    public static DnsLookup OfTheSystem() => new(new LookupClient());

    public async Task<IReadOnlyList<SrvTarget>> FindAsync(string name, CancellationToken cancellation)
    {
        try
        {
            var answer = await client.QueryAsync(name, QueryType.SRV, cancellationToken: cancellation).ConfigureAwait(false);
            if (answer.HasError)
                throw new LookupFailedException($"lookup {name} on {answer.NameServer}: {(answer.Header.ResponseCode == DnsHeaderResponseCode.NotExistentDomain ? "no such host" : answer.ErrorMessage)}");
            SrvRecord[] records = [.. answer.Answers.SrvRecords()];
            return records.Length > 0
                ? [.. records.OrderBy(static record => record.Priority).Select(static record => new SrvTarget(record.Target.Value.TrimEnd('.'), record.Port))]
                : throw new LookupFailedException($"lookup {name} on {answer.NameServer}: no such host");
        }
        catch (DnsResponseException error)
        {
            throw new LookupFailedException($"lookup {name}: {error.Message}", error);
        }
    }

    public async Task<IReadOnlyList<IPAddress>> AddressesOfAsync(string host, CancellationToken cancellation)
    {
        try
        {
            return await Dns.GetHostAddressesAsync(host, cancellation).ConfigureAwait(false);
        }
        catch (SocketException)
        {
            return []; // As far as DNS knows, it is nowhere.
        }
    }
}
