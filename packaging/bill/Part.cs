namespace Iscsitop.Packaging;

/// <summary>A package of others that the program carries.</summary>
/// <param name="Name">As NuGet spells it.</param>
/// <param name="Version">The one that was resolved.</param>
/// <param name="Sha512">Of the package file, lower-case hexadecimal; empty when it is not recorded.</param>
/// <param name="Files">What of it is used at run time, by file name.</param>
/// <param name="Needs">Names of the packages it needs itself.</param>
/// <param name="Terms">Under which terms it may be passed on.</param>
internal sealed record Part(string Name, string Version, string Sha512, IReadOnlyList<string> Files, IReadOnlyList<string> Needs, Terms Terms)
{
    /// <summary>The package URL by which lists of vulnerabilities know it.</summary>
    public string Url => $"pkg:nuget/{Name}@{Version}";
}

/// <summary>What a package says about its licence.</summary>
/// <param name="License">An SPDX expression, or <c>file</c> when <paramref name="Texts"/> alone has it.</param>
/// <param name="Copyright">Who holds the rights; the authors when there is no such line.</param>
/// <param name="Texts">Licence and notice files that the package brings.</param>
internal sealed record Terms(string License, string Copyright, IReadOnlyList<string> Texts);
