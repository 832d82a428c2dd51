using System.Text;
using ApiGateway.Core.Errors;
using ApiGateway.Host.Calls;

namespace ApiGateway.Host.Auth;

/// <summary>
/// Hashes of passwords, as etcd makes and stores them: bcrypt. Each takes a core for tens of milliseconds by design, so no more are made at a time than there are
/// cores; who comes later waits. Thread-safe.
/// </summary>
public sealed class Passwords(GatewayOptions options) : IDisposable
{
    // bcrypt takes no notice of more.
    private const int MaxBytes = 72;

    private const int LowestCost = 4, HighestCost = 31, UsualCost = 10;

    private readonly SemaphoreSlim _cores = new(Environment.ProcessorCount);

    /// <summary>A cost as it was asked for; the usual one instead of one that cannot be.</summary>
    public static int CostOf(ulong asked) => asked is >= LowestCost and <= HighestCost ? (int)asked : UsualCost;

    /// <exception cref="RequestFailedException">The password is too long.</exception>
    public async Task<byte[]> HashAsync(string password, CancellationToken cancellation)
    {
        if (Encoding.UTF8.GetByteCount(password) > MaxBytes)
            throw new RequestFailedException(EtcdError.PasswordTooLong);
        return Encoding.ASCII.GetBytes(await RunAsync(() => BCrypt.Net.BCrypt.HashPassword(password, options.BcryptCost), cancellation).ConfigureAwait(false));
    }

    /// <summary>As v2 does: of a password that is too long only what counts is hashed.</summary>
    public async Task<byte[]> HashSignificantAsync(string password, CancellationToken cancellation) =>
        Encoding.ASCII.GetBytes(await RunAsync(() => BCrypt.Net.BCrypt.HashPassword(Significant(password), options.BcryptCost), cancellation).ConfigureAwait(false));

    /// <summary>Whether the hash is of that password; false for what is no hash.</summary>
    public Task<bool> VerifyAsync(string password, ReadOnlyMemory<byte> hash, CancellationToken cancellation) => RunAsync(
        () =>
        {
            try
            {
                return BCrypt.Net.BCrypt.Verify(Significant(password), Encoding.ASCII.GetString(hash.Span));
            }
            catch (Exception exception) when (exception is BCrypt.Net.SaltParseException or BCrypt.Net.HashInformationException or ArgumentException)
            {
                return false;
            }
        },
        cancellation);

    public void Dispose() => _cores.Dispose();

    // As etcd compares: what lies behind the first 72 bytes does not count. What is cut in the middle of a character is not that text any more, but where
    // such a password is hashed at all it is cut the same way.
    private static string Significant(string password)
    {
        var bytes = Encoding.UTF8.GetBytes(password);
        return bytes.Length <= MaxBytes ? password : Encoding.UTF8.GetString(bytes.AsSpan(0, MaxBytes));
    }

    private async Task<T> RunAsync<T>(Func<T> work, CancellationToken cancellation)
    {
        await _cores.WaitAsync(cancellation).ConfigureAwait(false);
        try
        {
            return await Task.Run(work, CancellationToken.None).ConfigureAwait(false);
        }
        finally
        {
            _cores.Release();
        }
    }
}
