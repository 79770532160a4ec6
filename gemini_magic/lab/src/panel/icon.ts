/** The sidebar's icon: a four-pointed star in the colour of the front end's own icons. */

import { LabIcon } from '@jupyterlab/ui-components';

export const geminiIcon = new LabIcon({
  name: 'gemini-magic:star',
  svgstr:
    '<svg xmlns="http://www.w3.org/2000/svg" width="16" viewBox="0 0 24 24"><path ' +
    'class="jp-icon3 jp-icon-selectable" fill="#616161" d="M12 2c.9 5.6 3.4 8.9 10 10-6.6 1.1-9.1 ' +
    '4.4-10 10-.9-5.6-3.4-8.9-10-10 6.600-1.100 9.100-4.400 10-10z"/></svg>'
});
