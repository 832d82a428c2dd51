using System.Security.Cryptography.X509Certificates;

namespace Hosting.Tls;

/// <summary>Whom a certificate names.</summary>
internal static class CertificateNames
{
    private const string CommonNameOid = "2.5.4.3";

    /// <summary>The last common name of the subject, as etcd's library takes it; "" when there is none.</summary>
    public static string CommonNameOf(X509Certificate2 certificate)
    {
        var name = "";
        foreach (var part in certificate.SubjectName.EnumerateRelativeDistinguishedNames(reversed: false))
        {
            if (!part.HasMultipleElements && part.GetSingleElementType().Value == CommonNameOid)
                name = part.GetSingleElementValue() ?? "";
        }
        return name;
    }

    /// <summary>Names and addresses of the subject alternative name extension; null without it.</summary>
    public static X509SubjectAlternativeNameExtension? AlternativeNames(X509Certificate2 certificate)
    {
        foreach (var extension in certificate.Extensions)
        {
            if (extension is X509SubjectAlternativeNameExtension names)
                return names;
        }
        return null;
    }
}
