using System.Buffers.Binary;
using System.Buffers.Text;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace ApiGateway.Core.Auth;

/// <summary>
/// A token that any gateway can check: it says whom it is for and when it was issued, and is signed with a key that is part of the replicated state. The
/// signature covers the hash of the user's password, so that another password ends it, and so does another user of the same name. It consists of four fields
/// without dots of their own: <code>user . issued . nonce . signature</code>
/// </summary>
/// <param name="User">Whom it is for.</param>
/// <param name="IssuedAtUnixSeconds">By the clock of the gateway that issued it.</param>
/// <param name="Nonce">Tells apart what was issued in the same second.</param>
/// <param name="Signature">HMAC-SHA-256.</param>
public sealed record SimpleToken(string User, long IssuedAtUnixSeconds, ulong Nonce, ReadOnlyMemory<byte> Signature)
{
    /// <summary>Bytes of the key.</summary>
    public const int KeyBytes = 32;

    // As many as any text can have that comes in a header.
    private const int MaxChars = 32 * 1024;

    public static SimpleToken Issue(string user, long issuedAtUnixSeconds, ulong nonce, ReadOnlySpan<byte> key, ReadOnlySpan<byte> passwordHash)
    {
        var signature = Sign(user, issuedAtUnixSeconds, nonce, key, passwordHash);
        return new SimpleToken(user, issuedAtUnixSeconds, nonce, signature);
    }

    /// <summary>Reads a token, and believes nothing of it.</summary>
    public static bool TryParse(string text, out SimpleToken token)
    {
        token = null!;
        if (text.Length > MaxChars || text.Split('.') is not [var user, var issued, var nonce, var signature])
            return false;
        if (!Base64Url.IsValid(user) || !Base64Url.IsValid(signature)
            || !long.TryParse(issued, NumberStyles.None, CultureInfo.InvariantCulture, out var issuedAt)
            || !ulong.TryParse(nonce, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var nonceValue))
        {
            return false;
        }
        token = new SimpleToken(
            Encoding.UTF8.GetString(Base64Url.DecodeFromChars(user)), issuedAt, nonceValue, Base64Url.DecodeFromChars(signature));
        return true;
    }

    /// <summary>Whether it was issued with this key for a user whose password has this hash.</summary>
    public bool IsSignedWith(ReadOnlySpan<byte> key, ReadOnlySpan<byte> passwordHash) => !key.IsEmpty
        && CryptographicOperations.FixedTimeEquals(Signature.Span, Sign(User, IssuedAtUnixSeconds, Nonce, key, passwordHash));

    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"{Base64Url.EncodeToString(Encoding.UTF8.GetBytes(User))}.{IssuedAtUnixSeconds}.{Nonce:x16}.{Base64Url.EncodeToString(Signature.Span)}");

    private static byte[] Sign(string user, long issuedAt, ulong nonce, ReadOnlySpan<byte> key, ReadOnlySpan<byte> passwordHash)
    {
        var name = Encoding.UTF8.GetBytes(user);
        // Every field has a length that is known or stated, so that no two contents are the same bytes.
        var content = new byte[(3 * sizeof(long)) + name.Length + passwordHash.Length];
        BinaryPrimitives.WriteInt64LittleEndian(content, issuedAt);
        BinaryPrimitives.WriteUInt64LittleEndian(content.AsSpan(8), nonce);
        BinaryPrimitives.WriteInt64LittleEndian(content.AsSpan(16), name.Length);
        name.CopyTo(content.AsSpan(24));
        passwordHash.CopyTo(content.AsSpan(24 + name.Length));
        return HMACSHA256.HashData(key, content);
    }
}
