using System.Formats.Asn1;
using System.Numerics;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Hosting.Files;

namespace Hosting.Tls;

/// <summary>
/// Serial numbers that a certificate revocation list (RFC 5280 §5.1, PEM or DER) names, read again when the file has changed. As in etcd, whose list it is and how old is not
/// looked at: the file is what this server was told. Thread-safe.
/// </summary>
internal sealed class RevocationList(string file)
{
    private Read? _read;

    /// <summary>Why the certificate does not count; null when it does.</summary>
    public string? Complaint(X509Certificate2 certificate)
    {
        try
        {
            return Serials().Contains(new BigInteger(certificate.SerialNumberBytes.Span, isUnsigned: true, isBigEndian: true))
                ? $"transport: certificate serial {certificate.SerialNumber.ToLowerInvariant()} revoked"
                : null;
        }
        catch (ConfigurationException unreadable)
        {
            // A list that cannot be read must not let anybody in.
            return unreadable.Message;
        }
    }

    private HashSet<BigInteger> Serials()
    {
        var stamp = FileStamp.Of(file);
        if (Volatile.Read(ref _read) is { } before && before.Stamp == stamp)
            return before.Serials;
        var read = new Read(stamp, Parse(FileErrors.ReadAll(file)));
        Volatile.Write(ref _read, read);
        return read.Serials;
    }

    private HashSet<BigInteger> Parse(byte[] bytes)
    {
        try
        {
            var text = Encoding.ASCII.GetString(bytes);
            if (PemEncoding.TryFind(text, out var pem))
                bytes = Convert.FromBase64String(text[pem.Base64Data]);
            // CertificateList > TBSCertList: version?, signature, issuer, thisUpdate, nextUpdate?, revokedCertificates?, extensions?
            var list = new AsnReader(bytes, AsnEncodingRules.DER).ReadSequence().ReadSequence();
            if (list.PeekTag() == Asn1Tag.Integer)
                list.ReadInteger();
            list.ReadSequence();
            list.ReadSequence();
            list.ReadEncodedValue();
            if (list.HasData && list.PeekTag() is var tag && (tag == Asn1Tag.UtcTime || tag == Asn1Tag.GeneralizedTime))
                list.ReadEncodedValue();
            var serials = new HashSet<BigInteger>();
            if (!list.HasData || list.PeekTag() != Asn1Tag.Sequence)
                return serials;
            for (var entries = list.ReadSequence(); entries.HasData;)
                serials.Add(entries.ReadSequence().ReadInteger());
            return serials;
        }
        catch (Exception malformed) when (malformed is AsnContentException or FormatException)
        {
            throw new ConfigurationException($"x509: malformed crl in {file}");
        }
    }

    private sealed record Read(FileStamp Stamp, HashSet<BigInteger> Serials);
}
