import { SchematicsException, type Rule } from '@angular-devkit/schematics';
import { addRootProvider } from '@schematics/angular/utility';
import { getWorkspace } from '@schematics/angular/utility/workspace';

/** What `ng add` was told. */
export interface NgAddOptions {
  readonly project?: string;
  readonly url: string;
}

/** `ng add @tidewire/angular`: adds the provider to an application, unless it has it. */
export function ngAdd({ project, url }: NgAddOptions): Rule {
  return async (tree, { logger }) => {
    const name = project ?? '';
    const found = (await getWorkspace(tree)).projects.get(name);
    if (!found) throw new SchematicsException(`there is no project "${name}": name one with --project`);
    checkAddress(url);
    let has = false;
    tree.getDir(found.sourceRoot ?? `${found.root}/src`).visit(path => {
      if (path.endsWith('.ts')) has ||= tree.readText(path).includes('provideTidewire(');
    });
    if (has) {
      logger.info(`${name} provides Tidewire already.`);
      return undefined;
    }
    return addRootProvider(name, ({ code, external }) => {
      return code`${external('provideTidewire', '@tidewire/angular')}({ url: ${quoted(url)} })`;
    });
  };
}

function checkAddress(url: string): void {
  try {
    if (/^(ws|http)s?:$/.test(new URL(url, 'http://page').protocol)) return;
  } catch {
    // Said below.
  }
  throw new SchematicsException(`"${url}" is neither a ws: nor an http: address, nor a path`);
}

function quoted(text: string): string {
  return `'${text.replace(/['\\]/g, character => `\\${character}`)}'`;
}
