using System.Net.Security;
using System.Runtime.CompilerServices;
using EtcdApi.Etcdserverpb;
using EtcdApi.Mvccpb;
using Google.Protobuf;
using Grpc.Core;
using Grpc.Net.Client;
using Hosting;
using Hosting.Tls;
using Microsoft.Extensions.Logging;

namespace Standalone.Discovery;

/// <summary>
/// Keys of a v3 key space as a registry, as etcd 3.6 has it: <c>/_etcd/registry/TOKEN/_config/size</c>, and <c>/_etcd/registry/TOKEN/members/ID</c> for each member.
/// </summary>
internal sealed class V3Registry : IRegistry
{
    private static readonly TimeSpan s_shortestPing = TimeSpan.FromSeconds(1);

    private readonly V3DiscoveryOptions _options;
    private readonly GrpcChannel[] _channels;
    private int _current;
    private Metadata? _credentials;

    private V3Registry(V3DiscoveryOptions options, GrpcChannel[] channels) => (_options, _channels) = (options, channels);

    /// <exception cref="DiscoveryFailure">An endpoint is none, or a file for TLS cannot be used.</exception>
    public static V3Registry At(V3DiscoveryOptions options, ILogger logger)
    {
        try
        {
            var tls = options.Tls is { } settings ? new ClientTls(settings, logger) : null;
            return new V3Registry(options, [.. options.Endpoints.Select(endpoint => ChannelTo(endpoint, options, tls))]);
        }
        catch (ConfigurationException refused)
        {
            throw DiscoveryFailure.Refused(refused.Message);
        }
    }

    public string Service => string.Join(',', _options.Endpoints);

    // A second registration writes the same once more.
    public bool RegistersOnce => false;

    public async Task<string> SizeAsync(CancellationToken cancellation)
    {
        var answer = await RangeAsync(new RangeRequest { Key = Key("_config/size") }, cancellation).ConfigureAwait(false);
        return answer.Kvs is [var size, ..] ? size.Value.ToStringUtf8() : throw DiscoveryFailure.Refused("discovery: size key not found");
    }

    public async Task<RegistryListing> ListAsync(CancellationToken cancellation)
    {
        var answer = await RangeAsync(new RangeRequest { Key = Key("members/"), RangeEnd = Key("members0") }, cancellation).ConfigureAwait(false);
        return new RegistryListing([.. answer.Kvs.Select(Registered)], (ulong)answer.Header.Revision);
    }

    public Task RegisterAsync(string id, string urls, CancellationToken cancellation) =>
        CallAsync(EtcdMethods.Put, new PutRequest { Key = Key("members/" + id), Value = ByteString.CopyFromUtf8(urls) }, cancellation);

    public async IAsyncEnumerable<Registration> FollowAsync(ulong position, [EnumeratorCancellation] CancellationToken cancellation)
    {
        using var call = _channels[_current].CreateCallInvoker().AsyncDuplexStreamingCall(
            EtcdMethods.Watch, null, new CallOptions(await CredentialsAsync(cancellation).ConfigureAwait(false), cancellationToken: cancellation));
        var request = new WatchRequest
        {
            CreateRequest = new WatchCreateRequest { Key = Key("members/"), RangeEnd = Key("members0"), StartRevision = (long)position + 1 },
        };
        await GuardedAsync(() => call.RequestStream.WriteAsync(request, cancellation)).ConfigureAwait(false);
        while (await NextAsync(call.ResponseStream, cancellation).ConfigureAwait(false))
        {
            var response = call.ResponseStream.Current;
            if (response.Canceled)
                yield break;
            foreach (var @event in response.Events.Where(static @event => @event.Type == Event.Types.EventType.Put))
                yield return Registered(@event.Kv);
        }
    }

    public void Dispose()
    {
        foreach (var channel in _channels)
            channel.Dispose();
    }

    private static GrpcChannel ChannelTo(string endpoint, V3DiscoveryOptions options, ClientTls? tls)
    {
        var address = endpoint.Contains("://", StringComparison.Ordinal) ? endpoint : $"{(tls is null ? "http" : "https")}://{endpoint}";
        if (!Uri.TryCreate(address, UriKind.Absolute, out var url) || (url.Scheme != Uri.UriSchemeHttp && url.Scheme != Uri.UriSchemeHttps))
            throw new ConfigurationException($"\"{endpoint}\" is no endpoint of a discovery service");
        return GrpcChannel.ForAddress(url.GetLeftPart(UriPartial.Authority), new GrpcChannelOptions
        {
            Credentials = url.Scheme == Uri.UriSchemeHttps ? ChannelCredentials.SecureSsl : ChannelCredentials.Insecure,
            DisposeHttpClient = true,
            HttpHandler = new SocketsHttpHandler
            {
                SslOptions = tls?.Options() ?? new SslClientAuthenticationOptions(),
                ConnectTimeout = options.DialTimeout,
                KeepAlivePingDelay = Longer(options.KeepAliveTime),
                KeepAlivePingTimeout = Longer(options.KeepAliveTimeout),
                UseProxy = false,
                UseCookies = false,
            },
        });
    }

    private static TimeSpan Longer(TimeSpan time) => time > s_shortestPing ? time : s_shortestPing;

    private static Registration Registered(KeyValue kv)
    {
        var key = kv.Key.ToStringUtf8();
        return new Registration(key[(key.LastIndexOf('/') + 1)..], kv.Value.ToStringUtf8(), (ulong)kv.CreateRevision);
    }

    private ByteString Key(string rest) => ByteString.CopyFromUtf8($"/_etcd/registry/{_options.Token}/{rest}");

    private Task<RangeResponse> RangeAsync(RangeRequest request, CancellationToken cancellation) => CallAsync(EtcdMethods.Range, request, cancellation);

    // What is asked here may be asked twice: so each endpoint is, before the registry counts as away.
    private async Task<TResponse> CallAsync<TRequest, TResponse>(Method<TRequest, TResponse> method, TRequest request, CancellationToken cancellation)
        where TRequest : class
        where TResponse : class
    {
        for (var left = _channels.Length - 1; ; left--)
        {
            try
            {
                return await GuardedAsync(async () =>
                {
                    var options = new CallOptions(await CredentialsAsync(cancellation).ConfigureAwait(false), DateTime.UtcNow + _options.RequestTimeout, cancellation);
                    return await _channels[_current].CreateCallInvoker().AsyncUnaryCall(method, null, options, request).ConfigureAwait(false);
                }).ConfigureAwait(false);
            }
            catch (RegistryUnavailableException) when (left > 0)
            {
                // The next one may answer.
            }
        }
    }

    private async Task<Metadata?> CredentialsAsync(CancellationToken cancellation)
    {
        if (_options.User.Length == 0 || _credentials is not null)
            return _credentials;
        var answer = await GuardedAsync(async () => await _channels[_current].CreateCallInvoker().AsyncUnaryCall(
            EtcdMethods.Authenticate, null, new CallOptions(deadline: DateTime.UtcNow + _options.RequestTimeout, cancellationToken: cancellation),
            new AuthenticateRequest { Name = _options.User, Password = _options.Password }).ConfigureAwait(false)).ConfigureAwait(false);
        return _credentials = new Metadata { { "token", answer.Token } };
    }

    private Task<bool> NextAsync(IAsyncStreamReader<WatchResponse> responses, CancellationToken cancellation) => GuardedAsync(() => responses.MoveNext(cancellation));

    private async Task GuardedAsync(Func<Task> call) => await GuardedAsync(async () =>
    {
        await call().ConfigureAwait(false);
        return true;
    }).ConfigureAwait(false);

    // What another endpoint, or the same one later, may answer is no refusal; the next attempt goes to the next one, and logs in there.
    private async Task<T> GuardedAsync<T>(Func<Task<T>> call)
    {
        try
        {
            return await call().ConfigureAwait(false);
        }
        catch (RpcException error) when (error.StatusCode is StatusCode.Unavailable or StatusCode.DeadlineExceeded or StatusCode.Unauthenticated or StatusCode.Internal)
        {
            _current = (_current + 1) % _channels.Length;
            _credentials = null;
            throw new RegistryUnavailableException(error.Status.DebugException?.GetBaseException().Message ?? error.Status.Detail, error);
        }
        catch (RpcException error) when (error.StatusCode != StatusCode.Cancelled)
        {
            throw DiscoveryFailure.Refused(error.Status.Detail);
        }
    }
}
