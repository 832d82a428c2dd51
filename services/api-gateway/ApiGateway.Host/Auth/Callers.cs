using ApiGateway.Core.Errors;
using ApiGateway.Host.Calls;
using ApiGateway.Host.Cluster;
using Consensus.Contracts;
using Grpc.Core;
using Hosting.Tls;
using Storage.Contracts;
using Storage.Contracts.Auth;

namespace ApiGateway.Host.Auth;

/// <summary>
/// Finds out on whose behalf a request comes: by its token, else by the certificate of its connection. What that user may do storage decides, which also refuses
/// what was found out before the last change of users or roles: then it is found out again, and the request goes again. Thread-safe.
/// </summary>
internal sealed class Callers(
    IStorage storage, ITokens tokens, KnownTokens known, ClusterView cluster, ReadBarrier barrier, GatewayOptions options, TimeProvider time,
    ILogger<Callers> logger) : BackgroundService
{
    // Each time users or roles have changed while the request was under way.
    private const int MaxAttempts = 5;

    // Guards what is noted; held for an instant.
    private readonly Lock _noting = new();

    // The newest revision of users and roles that was seen; 0: none yet.
    private ulong _revision;

    // When storage last said that nobody has to log in; 0: it says otherwise, or nothing.
    private long _disabledAt;

    // Where the log says that users have to log in, as far as this gateway has brought that about.
    private LogIndex _enabledAt;

    /// <summary>
    /// Nobody has to log in, as far as was known a moment ago: enough for what goes on all the time and would otherwise ask storage each time (opening a watch,
    /// keeping a lease alive).
    /// </summary>
    public bool IsKnownDisabled
    {
        get
        {
            var at = Volatile.Read(ref _disabledAt);
            return at != 0 && time.GetElapsedTime(at) < 3 * options.AuthRefreshPeriod;
        }
    }

    /// <summary>Runs a call on behalf of whoever sent the request.</summary>
    /// <param name="http">The request.</param>
    /// <param name="purpose">What it is about.</param>
    /// <param name="about">Handed to the call.</param>
    /// <param name="call">Made once more when users or roles have changed meanwhile; it has had no effect then.</param>
    /// <param name="refusalOf">How the call ended, and as of which log index.</param>
    /// <exception cref="RequestFailedException">The token proves nothing.</exception>
    public ValueTask<T> CallAsync<TAbout, T>(
        HttpContext http, Purpose purpose, TAbout about, Func<TAbout, Caller, ValueTask<T>> call, Func<T, (StorageError, LogIndex)> refusalOf)
    {
        var (token, certificateUser) = Credentials(http);
        return token is null && certificateUser is null
            ? call(about, Caller.Anonymous)
            : IdentifiedAsync(token, certificateUser, purpose, about, call, refusalOf);
    }

    /// <summary>Refuses whoever may not do something.</summary>
    /// <exception cref="RequestFailedException">It may not, or the token proves nothing.</exception>
    public async ValueTask RequireAsync(HttpContext http, AccessRequest request, LogIndex minApplied, CancellationToken cancellation)
    {
        var purpose = request.Kind == AccessKind.Admin ? Purpose.Administration : Purpose.Keys;
        var answer = await barrier.BoundedAsync(
            CallAsync(
                http, purpose, (storage, request, minApplied, cancellation),
                static (of, caller) => of.storage.AuthorizeAsync(of.request, of.minApplied, caller, of.cancellation), RefusalOf),
            EtcdError.Timeout).ConfigureAwait(false);
        RequestFailedException.ThrowIf(EtcdErrors.Of(answer.Error));
    }

    /// <summary>The same, as of everything that this gateway has seen.</summary>
    public ValueTask RequireAsync(HttpContext http, AccessRequest request, CancellationToken cancellation) =>
        RequireAsync(http, request, cluster.SeenIndex, cancellation);

    /// <summary>Refuses whoever is no administrator, in the words in which the maintenance of a 3.5 server does.</summary>
    public async ValueTask RequireAdminUntranslatedAsync(ServerCallContext context)
    {
        try
        {
            await RequireAsync(context.GetHttpContext(), AccessRequest.Admin, context.CancellationToken).ConfigureAwait(false);
        }
        catch (RequestFailedException refused)
        {
            throw new RequestFailedException(EtcdErrors.Untranslated(refused.Error));
        }
    }

    /// <summary>How a read ended.</summary>
    public static (StorageError Error, LogIndex Index) RefusalOf(ReadResult result) => (result.Error, result.AppliedIndex);

    /// <summary>How a command ended.</summary>
    public static (StorageError Error, LogIndex Index) RefusalOf(CommandResult result) => (result.Error, result.Index);

    /// <summary>Through this gateway it was decided that users have to log in: whatever is of before means nothing any more.</summary>
    public void NoteEnabled(LogIndex index)
    {
        lock (_noting)
        {
            _enabledAt = index > _enabledAt ? index : _enabledAt;
            _disabledAt = 0;
        }
    }

    /// <summary>Asks storage for the state with one user.</summary>
    public async ValueTask<AuthStatus> AskAsync(string user, LogIndex minApplied, CancellationToken cancellation)
    {
        var status = await barrier.BoundedAsync(storage.GetAuthAsync(user, minApplied, cancellation), EtcdError.Timeout).ConfigureAwait(false);
        Note(status);
        return status;
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(options.AuthRefreshPeriod, time);
        var failures = 0;
        do
        {
            try
            {
                await AskAsync("", cluster.SeenIndex, stoppingToken).ConfigureAwait(false);
                failures = 0;
            }
            catch (Exception exception) when (!stoppingToken.IsCancellationRequested)
            {
                // Until it answers again every question goes to storage itself.
                logger.AuthUnknown(failures++ == 0 ? LogLevel.Warning : LogLevel.Debug, exception);
            }
        }
        while (await timer.WaitForNextTickAsync(stoppingToken).ConfigureAwait(false));
    }

    private static (string? Token, string? CertificateUser) Credentials(HttpContext http)
    {
        var headers = http.Request.Headers;
        if (headers.TryGetValue("token", out var values) && values.Count > 0)
            return (values[0] ?? "", null);
        if (headers.Authorization is { Count: > 0 } authorization)
            return (authorization[0] ?? "", null);
        return (null, http.Features.Get<ClientIdentity>() is { CommonName.Length: > 0 } identity ? identity.CommonName : null);
    }

    private async ValueTask<T> IdentifiedAsync<TAbout, T>(
        string? token, string? certificateUser, Purpose purpose, TAbout about, Func<TAbout, Caller, ValueTask<T>> call,
        Func<T, (StorageError, LogIndex)> refusalOf)
    {
        var atLeast = cluster.SeenIndex;
        for (var attempt = 1; ; attempt++)
        {
            var entry = token is null ? null : await FindAsync(token, atLeast).ConfigureAwait(false);
            var caller = await CallerOfAsync(entry, certificateUser, purpose, atLeast).ConfigureAwait(false);
            var result = await call(about, caller).ConfigureAwait(false);
            var (error, index) = refusalOf(result);
            // Nobody in particular, refused for that: it was taken for one because nobody had to log in then.
            var isOutdated = error == StorageError.AuthRevisionOld || (error == StorageError.UserEmpty && caller.Kind == CallerKind.Anonymous);
            var isBound = purpose == Purpose.Keys && entry?.Proof.AuthRevision is not null;
            if (!isOutdated || isBound || attempt == MaxAttempts)
                return result;
            atLeast = new LogIndex(Math.Max(index.Value, cluster.SeenIndex.Value));
            // Another look at the state: what it says of this token, and at which revision.
            if (token is not null)
                await LookAsync(token, atLeast).ConfigureAwait(false);
            else
                await AskAsync(certificateUser!, atLeast, CancellationToken.None).ConfigureAwait(false);
        }
    }

    private async ValueTask<Caller> CallerOfAsync(KnownTokens.Known? entry, string? certificateUser, Purpose purpose, LogIndex atLeast)
    {
        if (entry is null && certificateUser is null)
            return Caller.Anonymous;
        if (entry?.Proof.AuthRevision is { } bound && purpose == Purpose.Keys)
            return Caller.Of(entry.Proof.User, bound);
        if (entry is { Proof.AuthRevision: null })
            return Caller.Of(entry.Proof.User, entry.AuthRevision);
        var user = entry?.Proof.User ?? certificateUser!;
        var seen = Volatile.Read(ref _revision);
        return Caller.Of(user, seen != 0 ? seen : (await AskAsync(user, atLeast, CancellationToken.None).ConfigureAwait(false)).Revision);
    }

    /// <summary>What is known of a token; null when nobody has to log in.</summary>
    private ValueTask<KnownTokens.Known?> FindAsync(string token, LogIndex atLeast) =>
        known.Use(token) is { } entry ? new ValueTask<KnownTokens.Known?>(entry) : LookAsync(token, atLeast);

    private async ValueTask<KnownTokens.Known?> LookAsync(string token, LogIndex atLeast)
    {
        var user = tokens.UserOf(token) ?? "";
        var status = await AskAsync(user, atLeast, CancellationToken.None).ConfigureAwait(false);
        if (!status.IsEnabled)
            return null;
        if (Check(token, status) is { } entry)
            return entry;
        // Another gateway may have issued it a moment ago, by what this one's replica has not heard yet.
        status = await AskAsync(user, await barrier.ReadIndexAsync().ConfigureAwait(false), CancellationToken.None).ConfigureAwait(false);
        if (!status.IsEnabled)
            return null;
        return Check(token, status) ?? throw new RequestFailedException(EtcdError.InvalidAuthToken);
    }

    private KnownTokens.Known? Check(string token, AuthStatus status)
    {
        if (tokens.Check(token, status) is { } proof)
            return known.Add(token, proof, status.Revision);
        known.Forget(token);
        return null;
    }

    private void Note(AuthStatus status)
    {
        lock (_noting)
        {
            if (status.IsEnabled)
                _disabledAt = 0;
            else if (status.AppliedIndex >= _enabledAt)
                _disabledAt = Math.Max(1, time.GetTimestamp());
            _revision = Math.Max(_revision, status.Revision);
        }
    }
}
