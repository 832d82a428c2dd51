using System.Runtime.CompilerServices;

[assembly: InternalsVisibleTo("LeaseManager.Tests")]
