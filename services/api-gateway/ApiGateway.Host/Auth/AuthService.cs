using System.Security.Cryptography;
using ApiGateway.Core.Auth;
using ApiGateway.Core.Errors;
using ApiGateway.Host.Calls;
using ApiGateway.Host.Cluster;
using ApiGateway.Host.Proposing;
using ApiGateway.Host.Slow;
using EtcdApi.Etcdserverpb;
using Google.Protobuf;
using Grpc.Core;
using Storage.Contracts;
using Storage.Contracts.Auth;
using Storage.Contracts.Commands;

namespace ApiGateway.Host.Auth;

/// <summary>
/// etcdserverpb.Auth. Like in etcd everything but logging in goes through the log, questions too. Passwords end here: the log has their hashes.
/// </summary>
internal sealed class AuthService(
    CallerProposals proposals, Proposer proposer, Callers callers, ITokens tokens, Passwords passwords, ReadBarrier barrier, ClusterView cluster, CallGate gate,
    ILogger<AuthService> logger)
{
    /// <summary>A call whose request is the command.</summary>
    public async Task<Reply> CommandAsync(CommandKind kind, byte[] request, ServerCallContext context)
    {
        var http = context.GetHttpContext();
        gate.Check(http);
        var result = await proposals.ProposeAsync(http, kind, request, Purpose.Administration).ConfigureAwait(false);
        cluster.Observe(result.Revision, result.Index);
        if (result.Error == StorageError.Malformed)
            throw new RequestFailedException(EtcdError.Undecodable);
        RequestFailedException.ThrowIf(EtcdErrors.Of(result.Error));
        if (kind == CommandKind.AuthEnable)
            callers.NoteEnabled(result.Index);
        return new Reply((await cluster.GetAsync().ConfigureAwait(false)).Header, result.Revision, result.Term.Value, result.Body) { Stamps = RequestStamps.Of(result) };
    }

    public async Task<Reply> AddUserAsync(byte[] request, ServerCallContext context)
    {
        var asked = ProtoBody.Parse(AuthUserAddRequest.Parser, request);
        asked.HashedPassword = asked.Options?.NoPassword == true ? "" : await HashAsync(asked.Password, context).ConfigureAwait(false);
        asked.Password = "";
        return await CommandAsync(CommandKind.UserAdd, asked.ToByteArray(), context).ConfigureAwait(false);
    }

    public async Task<Reply> ChangePasswordAsync(byte[] request, ServerCallContext context)
    {
        var asked = ProtoBody.Parse(AuthUserChangePasswordRequest.Parser, request);
        asked.HashedPassword = await HashAsync(asked.Password, context).ConfigureAwait(false);
        asked.Password = "";
        return await CommandAsync(CommandKind.UserChangePassword, asked.ToByteArray(), context).ConfigureAwait(false);
    }

    public async Task<Reply> AuthenticateAsync(byte[] request, ServerCallContext context)
    {
        gate.Check(context.GetHttpContext());
        var asked = ProtoBody.Parse(AuthenticateRequest.Parser, request);
        var index = await barrier.ReadIndexAsync().ConfigureAwait(false);
        var status = await callers.AskAsync(asked.Name, index, context.CancellationToken).ConfigureAwait(false);
        if (!status.IsEnabled)
            throw new RequestFailedException(EtcdError.AuthNotEnabled);
        await RequirePasswordAsync(asked, status.User, context.CancellationToken).ConfigureAwait(false);
        if (tokens.NeedsReplicatedKey && status.TokenKey.IsEmpty)
            status = await WithKeyAsync(asked.Name, status, context.CancellationToken).ConfigureAwait(false);
        var answer = new AuthenticateResponse { Token = tokens.Issue(asked.Name, status) };
        cluster.Observe(status.StoreRevision, status.AppliedIndex);
        return new Reply(
            (await cluster.GetAsync().ConfigureAwait(false)).Header, status.StoreRevision, status.AppliedTerm.Value, answer.ToByteArray());
    }

    private async Task RequirePasswordAsync(AuthenticateRequest asked, AuthStatus.Account? user, CancellationToken cancellation)
    {
        if (user is { HasNoPassword: true })
            throw new RequestFailedException(EtcdError.NoPasswordUser);
        if (user is not null && await passwords.VerifyAsync(asked.Password, user.PasswordHash, cancellation).ConfigureAwait(false))
            return;
        logger.LoginRefused(asked.Name);
        throw new RequestFailedException(EtcdError.AuthFailed);
    }

    /// <summary>The first to log in since users have to: brings the key along.</summary>
    private async Task<AuthStatus> WithKeyAsync(string user, AuthStatus known, CancellationToken cancellation)
    {
        var key = new AuthTokenKey { Key = ByteString.CopyFrom(RandomNumberGenerator.GetBytes(SimpleToken.KeyBytes)) };
        var result = await proposer.ProposeAsync(CommandKind.AuthTokenKey, key.ToByteArray()).ConfigureAwait(false);
        RequestFailedException.ThrowIf(EtcdErrors.Of(result.Error));
        var status = await callers.AskAsync(user, result.Index, cancellation).ConfigureAwait(false);
        if (!status.IsEnabled)
            throw new RequestFailedException(EtcdError.AuthNotEnabled);
        // The password was checked against what was known before.
        if (status.User is not { } now || !now.PasswordHash.Span.SequenceEqual(known.User!.PasswordHash.Span))
            throw new RequestFailedException(EtcdError.AuthFailed);
        return status;
    }

    /// <summary>As etcd's own field for it wants it.</summary>
    private async Task<string> HashAsync(string password, ServerCallContext context) =>
        Convert.ToBase64String(await passwords.HashAsync(password, context.CancellationToken).ConfigureAwait(false));
}
